import type { TensorFlow } from './load-tensorflow.js';

/** Runs `work` while `tf` keeps its hints and warnings from the console, as in its production mode. */
export async function quietly<Result>(tf: TensorFlow, work: () => Promise<Result>): Promise<Result> {
  const flags = tf.env();
  const before = flags.getBool('PROD');
  flags.set('PROD', true);
  try {
    return await work();
  } finally {
    flags.set('PROD', before);
  }
}
