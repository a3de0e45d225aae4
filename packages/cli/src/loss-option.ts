import { EmbedbagError, type JsonObject, type Loss } from '@embedbag/core';
import { matryoshkaLoss } from '@embedbag/losses';
import { BUILT_IN_LOSSES } from './built-in-losses.js';
import type { GuideLoader } from './guide-loader.js';
import { lossFromModule } from './loss-module.js';

/** The options of `embedbag train` that make the loss. */
export interface LossChoice {
  /** A name of {@link BUILT_IN_LOSSES}, a path or a package. */
  readonly loss: string;
  readonly lossOptions?: JsonObject;
  /** Short for the option `scale`. */
  readonly scale?: number;
  /** Default: halves of the dimension down to 32. */
  readonly matryoshkaDims?: readonly number[];
}

/** What the loss is for. */
export interface LossSettings {
  /** The model's. */
  readonly dimension: number;
  /** Finds the guide or the teacher of a loss. */
  readonly loadGuide: GuideLoader['load'];
}

const SMALLEST_DEFAULT_DIM = 32;
const MATRYOSHKA = 'MatryoshkaLoss';

function halves(dimension: number): readonly number[] {
  const dims = [dimension];
  for (let dim = Math.floor(dimension / 2); dim >= SMALLEST_DEFAULT_DIM; dim = Math.floor(dim / 2)) dims.push(dim);
  return dims;
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function optionsOf({ lossOptions = {}, scale }: LossChoice): JsonObject {
  if (scale === undefined) return lossOptions;
  if (!Object.hasOwn(lossOptions, 'scale')) return { ...lossOptions, scale };
  throw new EmbedbagError({
    code: 'conflicting-options',
    message: 'Expected `--scale` or `scale` in `--loss-options`, received both. Give one of them.',
  });
}

async function chosenLoss(choice: LossChoice, loadGuide: GuideLoader['load']): Promise<Loss> {
  const options = optionsOf(choice);
  const builtIn = Object.hasOwn(BUILT_IN_LOSSES, choice.loss) ? BUILT_IN_LOSSES[choice.loss] : undefined;
  if (builtIn === undefined) {
    const loss = await lossFromModule(choice.loss, options);
    if (loss !== undefined) return loss;
    throw new EmbedbagError({
      code: 'unknown-loss',
      message: `Expected \`--loss\` to be one of ${list(Object.keys(BUILT_IN_LOSSES))}, the path of a module such as ./my-loss.js or an installed package, received \`${choice.loss}\`. Begin a path with \`./\`.`,
      details: { received: choice.loss },
    });
  }
  const unknown = Object.keys(options).find((name) => !builtIn.options.includes(name));
  if (unknown === undefined) return builtIn.create(options, loadGuide);
  throw new EmbedbagError({
    code: 'unknown-loss-option',
    message: `Expected the options of loss \`${choice.loss}\` to be ${list(builtIn.options) || 'none'}, received \`${unknown}\`. Correct the name or leave it out.`,
    details: { loss: choice.loss, received: unknown },
  });
}

function dimsFor({ matryoshkaDims }: LossChoice, dimension: number): readonly number[] {
  const dims = matryoshkaDims ?? halves(dimension);
  const widest = Math.max(...dims);
  if (widest <= dimension) return dims;
  throw new EmbedbagError({
    code: 'dims-too-large',
    message: `Expected \`--matryoshka-dims\` to be at most the model's ${dimension} dimensions, received ${widest}. Lower it or train a wider model.`,
    details: { limit: dimension, received: widest },
  });
}

/**
 * The loss that the options of `embedbag train` ask for, at every Matryoshka dim; a plugin that is a Matryoshka loss already
 * is taken as it is.
 *
 * @throws EmbedbagError `unknown-loss`, `unknown-loss-option`, `conflicting-options`, `dims-too-large`, and what
 * `lossFromModule` and the loss throw.
 */
export async function lossFromOptions(choice: LossChoice, { dimension, loadGuide }: LossSettings): Promise<Loss> {
  const dims = dimsFor(choice, dimension);
  const loss = await chosenLoss(choice, loadGuide);
  if (loss.name !== MATRYOSHKA) return matryoshkaLoss(loss, { dims });
  if (choice.matryoshkaDims === undefined) return loss;
  throw new EmbedbagError({
    code: 'conflicting-options',
    message: `Expected no \`--matryoshka-dims\` for ${choice.loss}, which is a Matryoshka loss with dims of its own, received ${choice.matryoshkaDims.join(',')}. Leave them out.`,
  });
}
