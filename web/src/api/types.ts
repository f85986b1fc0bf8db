import type { components, operations } from './schema';

/** What the host's OpenAPI document says, by the names of its schemas and operations. */
export type Shape<Name extends keyof components['schemas']> = components['schemas'][Name];

/** What an operation answers when it succeeds. */
export type Ok<Name extends keyof operations> = Content<operations[Name]['responses'], 200> | Content<operations[Name]['responses'], 201>;

/** What an operation takes. */
export type Sent<Name extends keyof operations> = operations[Name] extends { requestBody: { content: { 'application/json': infer Body } } } ? Body : never;

type Content<Responses, Status extends number> = Responses extends { [S in Status]: { content: { 'application/json': infer Body } } } ? Body : never;

/** Without the index signature that a schema gets from fields that are kept unread. */
export type Known<T> = { [K in keyof T as string extends K ? never : K]: T[K] };
