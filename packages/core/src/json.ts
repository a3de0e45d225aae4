/** What a plugin's `config` is made of, so that a run can be saved, printed and hashed. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A plain JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };
