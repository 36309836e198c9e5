// Hands the description to an AI service of your own, which answers with the task spec itself.
//
// Nothing is freed: every call gets a fresh instance, whose memory is gone when the call ends.

#include "bindings/runner.h"
#include <ctype.h>
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

// A field of this runner's section in agent-arborist.yaml. For a secret this is a placeholder, and the host puts the
// value into the request.
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
    while (json->at < json->end && (*json->at == ' ' || *json->at == '\t' || *json->at == '\r' || *json->at == '\n')) json->at++;
}

static bool take(json_t *json, char wanted) {
    skip_space(json);
    if (json->at == json->end || *json->at != wanted) return false;
    json->at++;
    return true;
}

static bool skip_string(json_t *json) {
    if (!take(json, '"')) return false;
    while (json->at < json->end) {
        uint8_t c = *json->at++;
        if (c == '"') return true;
        if (c < 0x20) return false;
        if (c == '\\' && json->at < json->end) json->at++;
    }
    return false;
}

// Passes over a value that is nested no deeper than `depth`, and says whether it is an object with a list `steps`.
static bool skip_value(json_t *json, int depth, bool *has_steps) {
    bool ignored;
    if (depth == 0) return false;
    if (take(json, '{')) {
        if (take(json, '}')) return true;
        do {
            skip_space(json);
            const uint8_t *key = json->at;
            if (!skip_string(json)) return false;
            bool is_steps = json->at - key == 7 && memcmp(key, "\"steps\"", 7) == 0;
            if (!take(json, ':')) return false;
            skip_space(json);
            if (is_steps && json->at < json->end && *json->at == '[') *has_steps = true;
            if (!skip_value(json, depth - 1, &ignored)) return false;
        } while (take(json, ','));
        return take(json, '}');
    }
    if (take(json, '[')) {
        if (take(json, ']')) return true;
        do {
            if (!skip_value(json, depth - 1, &ignored)) return false;
        } while (take(json, ','));
        return take(json, ']');
    }
    if (json->at < json->end && *json->at == '"') return skip_string(json);
    // A number, `true`, `false` or `null`; the host looks closer.
    const uint8_t *start = json->at;
    while (json->at < json->end && (isalnum(*json->at) || *json->at == '+' || *json->at == '-' || *json->at == '.')) json->at++;
    return json->at > start;
}

// Whether it is JSON as a task spec is, rather than half of one, or a page that says something else.
static bool is_like_a_spec(const uint8_t *at, size_t length) {
    json_t json = {at, at + length};
    bool has_steps = false;
    if (!skip_value(&json, 64, &has_steps)) return false;
    skip_space(&json);
    return json.at == json.end && has_steps;
}

bool exports_arborist_runner_generate_generate_task_spec(
    runner_string_t *description, exports_arborist_runner_generate_list_parameter_t *parameters,
    runner_string_t *spec, runner_error_t *error) {
    runner_string_t endpoint, key, model;
    if (!config("endpoint", &endpoint, error) || !config("api_key", &key, error) || !config("model", &model, error))
        return false;
    for (size_t i = 0; i < parameters->len; i++) {
        runner_string_t name = parameters->ptr[i].name;
        if (name.len == 5 && memcmp(name.ptr, "model", 5) == 0) model = parameters->ptr[i].value;
    }

    text_t body = {0}, bearer = {0};
    append_text(&body, "{\"prompt\": ");
    append_string(&body, *description);
    append_text(&body, ", \"model\": ");
    append_string(&body, model);
    append_text(&body, "}");
    append_text(&bearer, "Bearer ");
    append(&bearer, key.ptr, key.len);

    arborist_runner_http_header_t headers[] = {
        {string("content-type"), string("application/json")},
        {string("authorization"), {(uint8_t *)bearer.at, bearer.length}},
    };
    arborist_runner_http_request_t request = {
        .method = string("POST"),
        .url = endpoint,
        .headers = {headers, 2},
        .body = {true, {(uint8_t *)body.at, body.length}},
    };
    arborist_runner_http_response_t answer;
    http_error_t reason;
    if (!arborist_runner_http_send(&request, &answer, &reason)) return fail_request(error, &reason);
    if (answer.status != 200) {
        char message[100];
        snprintf(message, sizeof message, "the service answered %u", answer.status);
        return fail_service(error, answer.status, answer.status == 429 || answer.status >= 500, string(message));
    }
    if (!is_utf8(answer.body.ptr, answer.body.len))
        return fail(error, ARBORIST_RUNNER_RUNNER_TYPES_RUNNER_ERROR_INVALID_RESPONSE, string("the answer is no text"));
    if (!is_like_a_spec(answer.body.ptr, answer.body.len))
        return fail(error, ARBORIST_RUNNER_RUNNER_TYPES_RUNNER_ERROR_INVALID_RESPONSE, string("the answer is no task spec in JSON"));
    // The host parses and checks the spec; JSON is YAML.
    spec->ptr = answer.body.ptr;
    spec->len = answer.body.len;
    return true;
}

bool exports_arborist_runner_generate_generate_dagu_config(
    runner_string_t *spec, exports_arborist_runner_generate_list_parameter_t *parameters,
    runner_string_t *dag, runner_error_t *error) {
    // The host makes the DAG from the task spec.
    error->tag = ARBORIST_RUNNER_RUNNER_TYPES_RUNNER_ERROR_UNSUPPORTED;
    return false;
}
