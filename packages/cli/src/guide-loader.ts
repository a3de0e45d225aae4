import { EmbedbagError, type EmbeddingModel, isEmbedbagError, type TextDataset, type TextGuide } from '@embedbag/core';
import { describeGuideFolder, guideFromFolder } from '@embedbag/datasets';
import { guideFromModel } from '@embedbag/losses';

/** A guide or teacher for a loss. */
export interface LoadedGuide {
  readonly guide: TextGuide;
  readonly guideName: string;
}

/** Finds what the options of losses name as guide or teacher, before the data are read, and checks it against them after that. */
export interface GuideLoader {
  /**
   * The guide in `source`: embeddings that `embedbag guide` made, or a static model. `guideName` is the model's name, by default
   * `source`; embeddings must have been made by a guide of that name, by default any. They can be asked once `open` was called.
   *
   * @throws EmbedbagError `guide-mismatch` for another guide, `guide-unfinished`, `invalid-guide-folder`, and what loading a model throws.
   */
  load(source: string, guideName?: string): Promise<LoadedGuide>;
  /** Opens the embeddings for the data that are trained on, and for those held out. @throws EmbedbagError `guide-mismatch`. */
  open(datasets: readonly TextDataset[], heldOut: readonly TextDataset[]): Promise<void>;
  /** Frees the models. */
  dispose(): void;
}

/** A {@link GuideLoader} that loads models with `loadModel`. */
export function createGuideLoader(loadModel: (source: string) => Promise<EmbeddingModel>): GuideLoader {
  const models: EmbeddingModel[] = [];
  const opening: GuideLoader['open'][] = [];
  return {
    async load(source, guideName) {
      const folder = await describeGuideFolder(source);
      if (folder === undefined) {
        const model = await loadModel(source);
        models.push(model);
        return { guide: guideFromModel(model), guideName: guideName ?? source };
      }
      if (guideName !== undefined && guideName !== folder.guideName)
        throw otherGuide(source, guideName, folder.guideName);
      let opened: TextGuide | undefined;
      opening.push(async (datasets, heldOut) => {
        opened = await openedGuide(source, datasets, heldOut);
      });
      const guide: TextGuide = (texts, signal, place) => {
        if (opened === undefined) throw new Error('the guide is asked before it was opened');
        return opened(texts, signal, place);
      };
      return { guide, guideName: folder.guideName };
    },
    async open(datasets, heldOut) {
      for (const open of opening) await open(datasets, heldOut);
    },
    dispose() {
      for (const model of models) (model as { dispose?: () => void }).dispose?.();
    },
  };
}

async function openedGuide(
  folder: string,
  datasets: readonly TextDataset[],
  heldOut: readonly TextDataset[],
): Promise<TextGuide> {
  const ofTrained = await guideFromFolder(folder, { datasets }).catch((error: unknown) => {
    throw otherData(folder, error, 'Make those of these rows with `embedbag guide` in another folder');
  });
  const ofHeldOut = await guideFromFolder(folder, { datasets: heldOut }).catch((error: unknown) => {
    const remedy = 'Make them with `embedbag guide --eval-data` too, in another folder, or leave `--eval-data` out';
    throw otherData(folder, error, remedy);
  });
  const heldOutNames = new Set(heldOut.map(({ name }) => name));
  return (texts, signal, place) =>
    heldOutNames.has(place.dataset) ? ofHeldOut(texts, signal, place) : ofTrained(texts, signal, place);
}

function otherGuide(folder: string, expected: string, received: string): EmbedbagError {
  return new EmbedbagError({
    code: 'guide-mismatch',
    message: `Expected the guide embeddings in ${folder} to be those of guide \`${expected}\`, received those of \`${received}\`. Leave the name out, or name the folder that has those of \`${expected}\`.`,
    details: { folder, expected, received },
  });
}

/** What differs, and what to do about it here. */
function otherData(folder: string, error: unknown, remedy: string): unknown {
  if (!isEmbedbagError(error) || error.code !== 'guide-mismatch') return error;
  const { expected, received } = error.details;
  return new EmbedbagError({
    code: 'guide-mismatch',
    message: `Expected the guide embeddings in ${folder} to hold those of ${expected}, received ${received}. ${remedy}.`,
    details: error.details,
    cause: error,
  });
}
