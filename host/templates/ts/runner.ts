// Asks an AI service with a Chat Completions API for a task spec.

import { type HttpError, type Response, send } from 'arborist:runner/http@0.1.0';
import type { About, ConfigField, Generate, RunnerError } from 'arborist:runner/runner';
import { get } from 'wasi:config/store@0.2.0-rc.1';

const PROMPT = `Answer with one JSON object and nothing else: "name", "description", and "steps", a list of objects with
"name", "command" (for a POSIX shell) and optionally "depends_on", a list of names of earlier steps.`;

interface Answer {
  choices?: { message?: { content?: unknown } }[];
}

export const generate: Generate = {
  generateTaskSpec(description, parameters) {
    const option = parameters.find((parameter) => parameter.name === 'model');
    const body = {
      model: option?.value ?? config('model'),
      response_format: { type: 'json_object' },
      messages: [
        { role: 'system', content: PROMPT },
        { role: 'user', content: description },
      ],
    };
    const answer = post(config('endpoint'), config('api_key'), body);
    const text = answer?.choices?.[0]?.message?.content;
    if (typeof text !== 'string') throw error({ tag: 'invalid-response', val: 'the answer has no message' });
    // The host parses and checks the spec; JSON is YAML.
    return text;
  },

  generateDaguConfig() {
    // The host makes the DAG from the task spec.
    throw error({ tag: 'unsupported' });
  },
};

export const about: About = {
  describe() {
    const field = (name: string, description: string, secret: boolean): ConfigField => {
      return { name, description, required: true, secret };
    };
    return {
      name: '{{name}}',
      version: '0.1.0',
      description: 'Asks an AI service for a task spec',
      config: [
        field('endpoint', "URL of the service's chat completions", false),
        field('api_key', 'Key for the service', true),
        field('model', 'Model to ask', false),
      ],
    };
  },
};

// A field of this runner's section in agent-arborist.yaml. For a secret this is a placeholder, and the host puts the
// value into the request.
function config(field: string): string {
  const value = get(field);
  if (value == null) throw error({ tag: 'invalid-config', val: `\`${field}\` is missing` });
  return value;
}

function post(url: string, key: string, body: object): Answer | null {
  const headers = [
    { name: 'content-type', value: 'application/json' },
    { name: 'authorization', value: `Bearer ${key}` },
  ];
  let answer: Response;
  try {
    answer = send({ method: 'POST', url, headers, body: encode(JSON.stringify(body)) });
  } catch (thrown) {
    const reason = (thrown as { payload?: HttpError }).payload;
    if (reason === undefined) throw thrown;
    const retryable = ['timeout', 'connection', 'rate-limited'].includes(reason.tag);
    const text = [reason.tag, reason.val].filter(Boolean).join(': ');
    throw failure(undefined, `the service cannot be asked: ${text}`, retryable);
  }
  if (answer.status !== 200) {
    const retryable = answer.status === 429 || answer.status >= 500;
    throw failure(answer.status, `the service answered ${answer.status}`, retryable);
  }
  try {
    return JSON.parse(decode(answer.body));
  } catch (thrown) {
    throw error({ tag: 'invalid-response', val: `the answer is not JSON: ${(thrown as Error).message}` });
  }
}

function failure(status: number | undefined, message: string, retryable: boolean): RunnerError {
  return error({ tag: 'service', val: { status, message, retryable } });
}

// Has the compiler check what is thrown, which it does not do by itself.
function error(error: RunnerError): RunnerError {
  return error;
}

// QuickJS has no TextEncoder. These two know UTF-8, and `decode` throws where it is none.
function encode(text: string): Uint8Array {
  const letters = unescape(encodeURIComponent(text));
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return bytes;
}

// By thousands of bytes, since one at a time takes seconds for an answer of some MiB, and a call has only so many arguments.
function decode(bytes: Uint8Array): string {
  const size = 8192;
  let letters = '';
  for (let at = 0; at < bytes.length; at += size) {
    letters += Reflect.apply(String.fromCharCode, null, bytes.subarray(at, at + size));
  }
  return /[^\0-\x7f]/.test(letters) ? decodeURIComponent(escape(letters)) : letters;
}
