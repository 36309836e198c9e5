// Asks a model of Ollama's on this machine; needs no key. `response` of its answer is the task spec, since `format` holds the model
// to JSON.
//
// Nothing is freed: every call gets a fresh instance, whose memory is gone when the call ends.

#include "bindings/runner.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef exports_arborist_runner_generate_runner_error_t runner_error_t;
typedef arborist_runner_http_http_error_t http_error_t;

// Text that grows.
typedef struct {
    char *at;
    size_t length, room;
} text_t;

static void append(text_t *text, const void *bytes, size_t length) {
    if (text->length + length > text->room) {
        text->room = 2 * (text->length + length);
        text->at = realloc(text->at, text->room);
        if (text->at == NULL) abort();
    }
    memcpy(text->at + text->length, bytes, length);
    text->length += length;
}

static void append_text(text_t *text, const char *piece) { append(text, piece, strlen(piece)); }

// A string of JSON, with its quotes.
static void append_string(text_t *text, runner_string_t string) {
    append_text(text, "\"");
    for (size_t i = 0; i < string.len; i++) {
        unsigned char c = string.ptr[i];
        if (c == '"' || c == '\\') append_text(text, "\\");
        if (c < 0x20) {
            char escape[7];
            snprintf(escape, sizeof escape, "\\u%04x", c);
            append_text(text, escape);
        } else {
            append(text, &c, 1);
        }
    }
    append_text(text, "\"");
}

static runner_string_t string(const char *text) {
    runner_string_t string;
    runner_string_dup(&string, text);
    return string;
}

static bool fail(runner_error_t *error, uint8_t tag, runner_string_t text) {
    error->tag = tag;
    // Every error but that of a service holds only a text, at the same place.
    error->val.other = text;
    return false;
}

// A failed service; `status` of 0 means that there was no answer.
static bool fail_service(runner_error_t *error, uint16_t status, bool retryable, runner_string_t message) {
    error->tag = ARBORIST_RUNNER_RUNNER_TYPES_RUNNER_ERROR_SERVICE;
    error->val.service.status.is_some = status != 0;
    error->val.service.status.val = status;
    error->val.service.message = message;
    error->val.service.retryable = retryable;
    return false;
}

// A field of this runner's section in agent-arborist.yaml.
static bool config(const char *field, runner_string_t *value, runner_error_t *error) {
    runner_string_t key = string(field);
    runner_option_string_t found = {0};
    wasi_config_store_error_t fault;
    if (wasi_config_store_get(&key, &found, &fault) && found.is_some) {
        *value = found.val;
        return true;
    }
    char message[100];
    snprintf(message, sizeof message, "`%s` is missing", field);
    return fail(error, ARBORIST_RUNNER_RUNNER_TYPES_RUNNER_ERROR_INVALID_CONFIG, string(message));
}

static bool fail_request(runner_error_t *error, http_error_t *reason) {
    switch (reason->tag) {
    case ARBORIST_RUNNER_HTTP_HTTP_ERROR_TIMEOUT:
        return fail_service(error, 0, true, string("the service cannot be asked: timeout"));
    case ARBORIST_RUNNER_HTTP_HTTP_ERROR_RATE_LIMITED:
        return fail_service(error, 0, true, string("the service cannot be asked: rate-limited"));
    case ARBORIST_RUNNER_HTTP_HTTP_ERROR_TOO_LARGE:
        return fail_service(error, 0, false, string("the service's answer is too large"));
    case ARBORIST_RUNNER_HTTP_HTTP_ERROR_CONNECTION:
        return fail_service(error, 0, true, reason->val.connection);
    default:
        // Each of the others holds a text, at the same place.
        return fail_service(error, 0, false, reason->val.denied);
    }
}

// Whether the host would take it as a string: one that is no UTF-8 ends the run.
static bool is_utf8(const uint8_t *at, size_t length) {
    for (size_t i = 0; i < length;) {
        uint8_t lead = at[i++];
        size_t more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 4;
        if (more > 3 || more > length - i) return false;
        // Spelled longer than needed, a surrogate, or beyond the last character.
        if (more > 1) {
            uint8_t next = at[i];
            if ((lead == 0xe0 && next < 0xa0) || (lead == 0xed && next > 0x9f) || (lead == 0xf0 && next < 0x90) || (lead == 0xf4 && next > 0x8f))
                return false;
        }
        for (; more > 0; more--)
            if ((at[i++] & 0xc0) != 0x80) return false;
    }
    return true;
}

// JSON that is read from front to back.
typedef struct {
    const uint8_t *at, *end;
} json_t;

static void skip_space(json_t *json) {
    while (json->at < json->end && strchr(" \t\r\n", *json->at) && *json->at != 0) json->at++;
}

static bool take(json_t *json, char wanted) {
    skip_space(json);
    if (json->at == json->end || *json->at != wanted) return false;
    json->at++;
    return true;
}

// The four digits of a \u escape.
static bool read_hex(json_t *json, uint32_t *value) {
    if (json->end - json->at < 4) return false;
    *value = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = *json->at++;
        uint32_t digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 16;
        if (digit > 15) return false;
        *value = *value << 4 | digit;
    }
    return true;
}

static void append_char(text_t *text, uint32_t c) {
    uint8_t bytes[4];
    size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--, c >>= 6) bytes[i] = 0x80 | (c & 0x3f);
    bytes[0] = leads[length] | c;
    append(text, bytes, length);
}

// What follows a backslash.
static bool read_escape(json_t *json, text_t *text) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (json->at == json->end) return false;
    uint8_t c = *json->at++;
    const char *simple = c == 0 ? NULL : strchr(names, c);
    if (simple != NULL) {
        append(text, &values[simple - names], 1);
        return true;
    }
    uint32_t high, low;
    if (c != 'u' || !read_hex(json, &high)) return false;
    if (high >= 0xd800 && high < 0xe000) {
        // The second half of a pair must follow; one alone is no character.
        if (high >= 0xdc00 || json->end - json->at < 6 || json->at[0] != '\\' || json->at[1] != 'u') return false;
        json->at += 2;
        if (!read_hex(json, &low) || low < 0xdc00 || low >= 0xe000) return false;
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    append_char(text, high);
    return true;
}

static bool read_string(json_t *json, text_t *text) {
    if (!take(json, '"')) return false;
    while (json->at < json->end) {
        uint8_t c = *json->at++;
        if (c == '"') return true;
        if (c < 0x20) return false;
        if (c != '\\') append(text, &c, 1);
        else if (!read_escape(json, text)) return false;
    }
    return false;
}

// Passes over a value of any kind; of what is no string only the brackets are looked at.
static bool skip_value(json_t *json) {
    size_t depth = 0;
    skip_space(json);
    while (json->at < json->end) {
        uint8_t c = *json->at;
        if (depth == 0 && (c == ',' || c == '}')) return true;
        if (c == '"') {
            text_t passed = {0};
            if (!read_string(json, &passed)) return false;
            continue;
        }
        if (c == '{' || c == '[') depth++;
        if (c == '}' || c == ']') depth--;
        json->at++;
    }
    return false;
}

// The member of an object that is a string, under this name.
static bool read_member(json_t json, const char *name, text_t *value) {
    if (!take(&json, '{')) return false;
    do {
        text_t found = {0};
        if (!read_string(&json, &found) || !take(&json, ':')) return false;
        if (found.length == strlen(name) && memcmp(found.at, name, found.length) == 0) return read_string(&json, value);
        if (!skip_value(&json)) return false;
    } while (take(&json, ','));
    return false;
}

static const char SYSTEM[] = "Answer with one JSON object: \"name\", \"description\", and \"steps\", a list of objects with \"name\", "
                             "\"command\" (for a POSIX shell) and optionally \"depends_on\", a list of names of earlier steps.";

bool exports_arborist_runner_generate_generate_task_spec(
    runner_string_t *description, exports_arborist_runner_generate_list_parameter_t *parameters,
    runner_string_t *spec, runner_error_t *error) {
    runner_string_t endpoint, model;
    if (!config("endpoint", &endpoint, error) || !config("model", &model, error)) return false;
    for (size_t i = 0; i < parameters->len; i++) {
        runner_string_t name = parameters->ptr[i].name;
        if (name.len == 5 && memcmp(name.ptr, "model", 5) == 0) model = parameters->ptr[i].value;
    }

    text_t body = {0};
    append_text(&body, "{\"model\": ");
    append_string(&body, model);
    append_text(&body, ", \"system\": ");
    append_string(&body, string(SYSTEM));
    append_text(&body, ", \"prompt\": ");
    append_string(&body, *description);
    append_text(&body, ", \"format\": \"json\", \"stream\": false}");

    arborist_runner_http_header_t headers[] = {{string("content-type"), string("application/json")}};
    arborist_runner_http_request_t request = {
        .method = string("POST"),
        .url = endpoint,
        .headers = {headers, 1},
        .body = {true, {(uint8_t *)body.at, body.length}},
    };
    arborist_runner_http_response_t answer;
    http_error_t reason;
    if (!arborist_runner_http_send(&request, &answer, &reason)) return fail_request(error, &reason);
    json_t json = {answer.body.ptr, answer.body.ptr + answer.body.len};
    if (answer.status != 200) {
        // Ollama says why: for instance that the model has to be pulled first.
        text_t message = {0}, why = {0};
        char status[64];
        snprintf(status, sizeof status, "Ollama answered %u", answer.status);
        append_text(&message, status);
        if (is_utf8(answer.body.ptr, answer.body.len) && read_member(json, "error", &why)) {
            append_text(&message, ": ");
            append(&message, why.at, why.length);
        }
        runner_string_t shown = {(uint8_t *)message.at, message.length};
        return fail_service(error, answer.status, answer.status == 429 || answer.status >= 500, shown);
    }
    text_t response = {0};
    if (!is_utf8(answer.body.ptr, answer.body.len) || !read_member(json, "response", &response))
        return fail(error, ARBORIST_RUNNER_RUNNER_TYPES_RUNNER_ERROR_INVALID_RESPONSE, string("the answer has no `response`"));
    // The host parses and checks the spec; JSON is YAML.
    spec->ptr = (uint8_t *)response.at;
    spec->len = response.length;
    return true;
}

bool exports_arborist_runner_generate_generate_dagu_config(
    runner_string_t *spec, exports_arborist_runner_generate_list_parameter_t *parameters,
    runner_string_t *dag, runner_error_t *error) {
    // The host makes the DAG from the task spec.
    error->tag = ARBORIST_RUNNER_RUNNER_TYPES_RUNNER_ERROR_UNSUPPORTED;
    return false;
}
