// A runner in JavaScript that streams, built from `wit/` alone by `jco` with its QuickJS backend:
//
//     jco componentize app.js --wit ../../../wit -n streaming-runner --backend qjs -o TARGET.wasm
//
// Each word of the description is a piece; the spec says how many there were.

const words = (description) => description.split(" ").filter((word) => word !== "");

const spec = (description) =>
  JSON.stringify({
    name: "javascript-streaming",
    description,
    steps: [{ name: "count", command: `echo ${words(description).length}` }],
  });

export const generateStreaming = {
  async generateTaskSpec(description, _parameters) {
    async function* pieces() {
      for (const word of words(description)) {
        yield `${word} `;
      }
    }
    return [pieces(), Promise.resolve({ tag: "ok", val: spec(description) })];
  },
};

export const generate = {
  generateTaskSpec(description, _parameters) {
    return spec(description);
  },
  generateDaguConfig(_spec, _parameters) {
    throw { tag: "unsupported" };
  },
};
