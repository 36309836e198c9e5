// Asks a chat service for a task spec by an event stream, and shows what the model writes while it writes it.

import { open } from 'arborist:runner/http@0.1.0';
import { get } from 'wasi:config/store@0.2.0-rc.1';

const PROMPT = `Answer with one JSON object and nothing else: "name", "description", and "steps", a list of objects with
"name", "command" (for a POSIX shell) and optionally "depends_on", a list of names of earlier steps.`;
// Most bytes of a line of the stream.
const MAX_LINE = 1 << 20;

export const generateStreaming = {
  // Returns its two ends at once: the pieces for display, and the promise of the result.
  async generateTaskSpec(description, parameters) {
    let settle;
    const outcome = new Promise((resolve) => { settle = resolve; });
    async function* pieces() {
      try {
        let spec = '';
        for (const text of texts(description, parameters)) {
          spec += text;
          yield text;
        }
        // The host parses and checks the spec; JSON is YAML.
        settle({ tag: 'ok', val: spec });
      } catch (error) {
        settle({ tag: 'err', val: error?.tag === undefined ? { tag: 'other', val: String(error) } : error });
      }
    }
    return [pieces(), outcome];
  },
};

export const generate = {
  // For hosts that do not stream.
  generateTaskSpec(description, parameters) {
    return [...texts(description, parameters)].join('');
  },

  generateDaguConfig() {
    // The host makes the DAG from the task spec.
    throw { tag: 'unsupported' };
  },
};

export const about = {
  describe() {
    const field = (name, description, secret) => ({ name, description, required: true, secret, default: undefined });
    return {
      name: 'javascript-streaming-chat',
      version: '0.1.0',
      description: 'Asks a chat service for a task spec and shows it as it is written',
      config: [
        field('endpoint', "URL of the service's chat completions", false),
        field('api_key', 'Key for the service', true),
        field('model', 'Model to ask', false),
      ],
    };
  },
};

// What the model writes, each part as soon as it has come.
function* texts(description, parameters) {
  const option = parameters.find((parameter) => parameter.name === 'model');
  const messages = [
    { role: 'system', content: PROMPT },
    { role: 'user', content: description },
  ];
  const body = { model: option?.value ?? config('model'), stream: true, messages };
  for (const line of lines(config('endpoint'), config('api_key'), body)) {
    // An event of these services is one line of data; comments and other fields say nothing here.
    if (!line.startsWith('data:')) continue;
    const data = line.slice('data:'.length).trim();
    if (data === '[DONE]') return;
    const text = parsed(data)?.choices?.[0]?.delta?.content;
    if (typeof text === 'string' && text !== '') yield text;
  }
  throw { tag: 'invalid-response', val: 'the answer ended in the middle' };
}

// The lines of the answer, each as soon as it is whole. A character may be cut by the end of a piece, but not a line.
function* lines(url, key, body) {
  const headers = [
    { name: 'content-type', value: 'application/json' },
    { name: 'authorization', value: `Bearer ${key}` },
  ];
  const request = { method: 'POST', url, headers, body: encode(JSON.stringify(body)) };
  const answer = reached(() => open(request));
  const status = answer.status();
  if (status !== 200) throw failure(status, `the service answered ${status}`, status === 429 || status >= 500);
  let begun = new Uint8Array(0);
  for (;;) {
    const piece = reached(() => answer.read(64 * 1024));
    // The end is `null` in some engines, and `undefined` in others.
    if (piece == null) break;
    let from = 0;
    for (let to; (to = piece.indexOf(0x0a, from)) !== -1; from = to + 1) {
      yield decode(joined(begun, piece.subarray(from, to)));
      begun = new Uint8Array(0);
    }
    begun = joined(begun, piece.subarray(from));
  }
  yield decode(begun);
}

function joined(begun, more) {
  const bytes = new Uint8Array(begun.length + more.length);
  if (bytes.length > MAX_LINE) throw { tag: 'invalid-response', val: `a line is longer than ${MAX_LINE} bytes` };
  bytes.set(begun);
  bytes.set(more, begun.length);
  return bytes;
}

// What the gateway refuses, as the service's failure.
function reached(ask) {
  try {
    return ask();
  } catch (error) {
    const reason = error.payload ?? error;
    if (reason?.tag === undefined) throw error;
    const retryable = ['timeout', 'connection', 'rate-limited'].includes(reason.tag);
    const text = [reason.tag, reason.val].filter(Boolean).join(': ');
    throw failure(undefined, `the service cannot be asked: ${text}`, retryable);
  }
}

// A field of this runner's section in agent-arborist.yaml. For a secret this is a placeholder, and the host puts the
// value into the request.
function config(field) {
  const value = get(field);
  if (value == null) throw { tag: 'invalid-config', val: `\`${field}\` is missing` };
  return value;
}

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch (error) {
    throw { tag: 'invalid-response', val: `an event is not JSON: ${error.message}` };
  }
}

function failure(status, message, retryable) {
  return { tag: 'service', val: { status, message, retryable } };
}

// QuickJS has no TextEncoder. These two know UTF-8.
function encode(text) {
  const letters = unescape(encodeURIComponent(text));
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return bytes;
}

// By thousands of bytes, since one at a time takes seconds for an answer of some MiB, and a call has only so many arguments.
function decode(bytes) {
  const size = 8192;
  let letters = '';
  for (let at = 0; at < bytes.length; at += size) {
    letters += Reflect.apply(String.fromCharCode, null, bytes.subarray(at, at + size));
  }
  try {
    return /[^\0-\x7f]/.test(letters) ? decodeURIComponent(escape(letters)) : letters;
  } catch {
    throw { tag: 'invalid-response', val: 'the answer is no text' };
  }
}
