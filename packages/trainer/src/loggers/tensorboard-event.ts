import {
  doubleField,
  floatField,
  integerField,
  message,
  messageField,
  type ProtobufField,
  textField,
} from './protobuf.js';

/** `DT_STRING` of `tensorflow/core/framework/types.proto`. */
const STRING_TYPE = 7;
/** `SessionLog.START`. */
const SESSION_START = 1;

function event(wallTimeMs: number, step: number, content: ProtobufField): Uint8Array {
  return message(doubleField(1, wallTimeMs / 1000), integerField(2, step), content);
}

/** The event that begins every file. Messages and numbers of this file follow `event.proto` and `summary.proto` of TensorFlow. */
export function versionEvent(wallTimeMs: number): Uint8Array {
  return event(wallTimeMs, 0, textField(3, 'brain.Event:2'));
}

/** Begins the run, or a further part of it: TensorBoard forgets what an earlier part has at this step and later. */
export function sessionStartEvent(wallTimeMs: number, step: number): Uint8Array {
  return event(wallTimeMs, step, messageField(7, integerField(1, SESSION_START)));
}

/** Numbers of one step by their tags. TensorBoard keeps them as float32. */
export function scalarsEvent(wallTimeMs: number, step: number, values: Readonly<Record<string, number>>): Uint8Array {
  const entries = Object.entries(values).map(([tag, value]) =>
    messageField(1, textField(1, tag), floatField(2, value)),
  );
  return event(wallTimeMs, step, messageField(5, ...entries));
}

/** A text in Markdown. */
export function textEvent(wallTimeMs: number, step: number, tag: string, text: string): Uint8Array {
  const shape = messageField(2, messageField(2, integerField(1, 1)));
  const tensor = messageField(8, integerField(1, STRING_TYPE), shape, textField(8, text));
  const metadata = messageField(9, messageField(1, textField(1, 'text')));
  return event(
    wallTimeMs,
    step,
    messageField(5, messageField(1, textField(1, `${tag}/text_summary`), tensor, metadata)),
  );
}
