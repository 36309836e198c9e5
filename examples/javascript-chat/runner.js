// Asks any service with a Chat Completions API, and once more where the answer is no task spec, with what is wrong with it.

import { send } from 'arborist:runner/http@0.1.0';
import { get } from 'wasi:config/store@0.2.0-rc.1';

const PROMPT = `Answer with one JSON object and nothing else: "name", "description", and "steps", a list of objects with
"name", "command" (for a POSIX shell) and optionally "depends_on", a list of names of earlier steps.`;

export const generate = {
  generateTaskSpec(description, parameters) {
    const option = parameters.find((parameter) => parameter.name === 'model');
    const model = option?.value ?? config('model');
    const messages = [
      { role: 'system', content: PROMPT },
      { role: 'user', content: description },
    ];
    const first = ask(model, messages);
    const fault = complaint(first);
    if (fault === undefined) return unfenced(first);
    messages.push({ role: 'assistant', content: first }, { role: 'user', content: `${fault}. Answer again, with the JSON alone.` });
    const second = ask(model, messages);
    const rest = complaint(second);
    if (rest !== undefined) throw { tag: 'invalid-response', val: `asked twice, and ${rest}` };
    return unfenced(second);
  },

  generateDaguConfig() {
    // The host makes the DAG from the task spec.
    throw { tag: 'unsupported' };
  },
};

export const about = {
  describe() {
    const field = (name, description, more) => ({ name, description, required: true, secret: false, default: undefined, ...more });
    return {
      name: 'javascript-chat',
      version: '0.1.0',
      description: 'Asks a chat service for a task spec, and once more where it is none',
      config: [
        field('endpoint', "URL of the service's chat completions", {}),
        field('api_key', 'Key for the service', { secret: true }),
        field('model', 'Model to ask', {}),
        field('temperature', 'How freely the model answers, from 0 to 2', { required: false, default: '0' }),
      ],
    };
  },
};

// What is wrong with an answer, as a clause for the model and the user; nothing where it can be used.
function complaint(answer) {
  let spec;
  try {
    spec = JSON.parse(unfenced(answer));
  } catch (error) {
    return `the answer is not JSON: ${error.message}`;
  }
  if (!Array.isArray(spec?.steps) || spec.steps.length === 0) return 'the answer has no steps';
  const names = new Set();
  for (const [index, step] of spec.steps.entries()) {
    if (typeof step?.name !== 'string' || typeof step.command !== 'string') return `step ${index + 1} has no name or no command`;
    const missing = (step.depends_on ?? []).find((name) => !names.has(name));
    if (missing !== undefined) return `step ${index + 1} depends on ${JSON.stringify(missing)}, which is no earlier step`;
    names.add(step.name);
  }
}

// Models like to put code into a fence, whatever they were asked for.
function unfenced(answer) {
  const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n```\s*$/.exec(answer);
  return fenced === null ? answer : fenced[1];
}

function ask(model, messages) {
  const temperature = Number(get('temperature') ?? 0);
  if (!(temperature >= 0 && temperature <= 2)) throw { tag: 'invalid-config', val: '`temperature` is no number from 0 to 2' };
  const answer = post(config('endpoint'), config('api_key'), { model, temperature, messages });
  const text = answer?.choices?.[0]?.message?.content;
  if (typeof text !== 'string') throw { tag: 'invalid-response', val: 'the answer has no message' };
  return text;
}

// A field of this runner's section in agent-arborist.yaml. For a secret this is a placeholder, and the host puts the
// value into the request.
function config(field) {
  const value = get(field);
  if (value == null) throw { tag: 'invalid-config', val: `\`${field}\` is missing` };
  return value;
}

function post(url, key, body) {
  const headers = [
    { name: 'content-type', value: 'application/json' },
    { name: 'authorization', value: `Bearer ${key}` },
  ];
  let answer;
  try {
    answer = send({ method: 'POST', url, headers, body: encode(JSON.stringify(body)) });
  } catch (error) {
    const reason = error.payload ?? error;
    if (reason?.tag === undefined) throw error;
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
  } catch (error) {
    throw { tag: 'invalid-response', val: `the answer is not JSON: ${error.message}` };
  }
}

function failure(status, message, retryable) {
  return { tag: 'service', val: { status, message, retryable } };
}

// QuickJS has no TextEncoder. These two know UTF-8, and `decode` throws where it is none.
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
  return /[^\0-\x7f]/.test(letters) ? decodeURIComponent(escape(letters)) : letters;
}
