// Makes a plan in several steps: an outline first, then the command of each of its steps, and every answer is judged before
// the next question. What comes out of it is shown while it grows.

import { type HttpError, type Response, send } from 'arborist:runner/http@0.1.0';
import { emit } from 'arborist:runner/progress@0.1.0';
import type { About, ConfigField, Generate, RunnerError } from 'arborist:runner/runner';
import { get, getAll } from 'wasi:config/store@0.2.0-rc.1';

const OUTLINE = `Answer with one JSON object and nothing else: "name", a short name of the plan, and "steps", a list of objects with
"name", "goal" (one sentence) and optionally "depends_on", a list of names of earlier steps.`;
const COMMAND = `Answer with one JSON object and nothing else: "command", for a POSIX shell, which reaches the goal and no other.`;

interface Step {
  name: string;
  goal: string;
  depends_on: string[];
}

interface Outline {
  name: string;
  steps: Step[];
}

export const generate: Generate = {
  generateTaskSpec(description) {
    const outline = outlined(ask(OUTLINE, description));
    emit(`${outline.name}: ${outline.steps.map((step) => step.name).join(', ')}\n`);
    const forbidden = getAll().filter(([name]) => name.startsWith('forbidden.')).map(([, word]) => word);
    const steps = outline.steps.map((step) => {
      const question = `The task: ${description}\nThe step "${step.name}": ${step.goal}`;
      const command = commanded(ask(COMMAND, question), step, forbidden);
      emit(`${step.name}: ${command}\n`);
      return { name: step.name, description: step.goal, command, depends_on: step.depends_on };
    });
    return JSON.stringify({ name: outline.name, description: beginning(description), steps });
  },

  generateDaguConfig() {
    // The host makes the DAG from the task spec.
    throw error({ tag: 'unsupported' });
  },
};

export const about: About = {
  describe() {
    const field = (name: string, description: string, more: Partial<ConfigField>): ConfigField => {
      return { name, description, required: true, secret: false, ...more };
    };
    return {
      name: 'typescript-checked-plan',
      version: '0.1.0',
      description: 'Asks a chat service for an outline, then for each command, and judges every answer',
      config: [
        field('endpoint', "URL of the service's chat completions", {}),
        field('api_key', 'Key for the service', { secret: true }),
        field('model', 'Model to ask', {}),
        field('max_steps', 'Most steps of a plan', { required: false, default: '12' }),
        field('forbidden.0', 'A text that no command may hold; any number of them, from 0', { required: false }),
      ],
    };
  },
};

// What JSON holds is unknown until it was looked at.
type Members = Record<string, unknown>;

function outlined(answer: Members): Outline {
  const most = Number(get('max_steps') ?? 12);
  if (!(most >= 1)) throw error({ tag: 'invalid-config', val: '`max_steps` is no number of 1 or more' });
  const { name, steps } = answer;
  if (typeof name !== 'string' || !Array.isArray(steps) || steps.length === 0) throw invalid('the outline has no name or no steps');
  if (steps.length > most) throw invalid(`the outline has ${steps.length} steps, and ${most} are allowed`);
  const earlier = new Set<string>();
  const checked = steps.map((step: Members | null, index) => {
    const { name, goal, depends_on = [] } = step ?? {};
    if (typeof name !== 'string' || typeof goal !== 'string') throw invalid(`step ${index + 1} has no name or no goal`);
    if (!Array.isArray(depends_on) || !depends_on.every((other) => earlier.has(other))) {
      throw invalid(`step \`${name}\` depends on what is no earlier step`);
    }
    earlier.add(name);
    return { name, goal, depends_on };
  });
  return { name, steps: checked };
}

function commanded(answer: Members, step: Step, forbidden: string[]): string {
  const { command } = answer;
  if (typeof command !== 'string' || command.trim() === '') throw invalid(`step \`${step.name}\` has no command`);
  const word = forbidden.find((word) => command.includes(word));
  if (word !== undefined) throw invalid(`the command of step \`${step.name}\` holds \`${word}\`, which is forbidden`);
  return command;
}

function invalid(val: string): RunnerError {
  return error({ tag: 'invalid-response', val });
}

function ask(system: string, user: string): Members {
  const messages = [
    { role: 'system', content: system },
    { role: 'user', content: user },
  ];
  const body = { model: config('model'), response_format: { type: 'json_object' }, messages };
  const answer = parsed(post(config('endpoint'), config('api_key'), body)) as { choices?: { message?: { content?: unknown } }[] } | null;
  const text = answer?.choices?.[0]?.message?.content;
  const members = typeof text === 'string' ? parsed(text) : undefined;
  if (typeof members !== 'object' || members === null) throw invalid('the answer has no message that is an object');
  return members as Members;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw invalid(`the answer is not JSON: ${(thrown as Error).message}`);
  }
}

// A spec's description has at most 64 KiB and no NUL; for people its beginning will do. No character is cut in two.
function beginning(text: string): string {
  return [...text.slice(0, 2000).replaceAll('\0', '')].slice(0, 1000).join('');
}

// A field of this runner's section in agent-arborist.yaml. For a secret this is a placeholder, and the host puts the
// value into the request.
function config(field: string): string {
  const value = get(field);
  if (value == null) throw error({ tag: 'invalid-config', val: `\`${field}\` is missing` });
  return value;
}

function post(url: string, key: string, body: object): string {
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
    return decode(answer.body);
  } catch {
    throw invalid('the answer is no text');
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
