// The contract's types as TypeScript has them; wit/ is the reference.

declare module 'arborist:runner/http@0.1.0' {
  export interface Header {
    name: string;
    value: string;
  }
  export interface Request {
    method: string;
    url: string;
    headers: Header[];
    body?: Uint8Array;
  }
  export interface Response {
    status: number;
    headers: Header[];
    body: Uint8Array;
  }
  export type HttpError =
    | { tag: 'denied' | 'connection' | 'invalid-request' | 'budget-exhausted'; val: string }
    | { tag: 'too-large'; val: bigint }
    | { tag: 'timeout' | 'rate-limited'; val?: undefined };
  /** Throws an error whose `payload` is an `HttpError`. */
  export function send(request: Request): Response;
}

declare module 'arborist:runner/progress@0.1.0' {
  export function emit(chunk: string): void;
}

declare module 'wasi:config/store@0.2.0-rc.1' {
  /** Nothing where the section has no such field: `null` in some engines, `undefined` in others. */
  export function get(key: string): string | null | undefined;
  export function getAll(): [string, string][];
}

declare module 'wasi:logging/logging@0.1.0-draft' {
  export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'critical';
  export function log(level: Level, context: string, message: string): void;
}

declare module 'arborist:runner/runner' {
  export interface Parameter {
    name: string;
    value: string;
  }
  export interface ServiceFailure {
    status?: number;
    message: string;
    retryable: boolean;
  }
  /** What `generate` throws. */
  export type RunnerError =
    | { tag: 'invalid-config' | 'invalid-input' | 'invalid-response' | 'other'; val: string }
    | { tag: 'service'; val: ServiceFailure }
    | { tag: 'unsupported' };
  export interface ConfigField {
    name: string;
    description: string;
    required: boolean;
    secret: boolean;
    default?: string;
  }
  export interface RunnerInfo {
    name: string;
    version: string;
    description: string;
    config: ConfigField[];
  }
  export interface Generate {
    generateTaskSpec(description: string, parameters: Parameter[]): string;
    generateDaguConfig(spec: string, parameters: Parameter[]): string;
  }
  export interface About {
    describe(): RunnerInfo;
  }
}
