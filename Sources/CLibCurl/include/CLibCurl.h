#pragma once

#include <curl/curl.h>
#include <sys/prctl.h>

// curl_easy_setopt and friends are variadic, which Swift cannot call; each wrapper fixes one argument type.

static inline CURLcode matriarch_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode matriarch_curl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode matriarch_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode matriarch_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

// curl copies the struct; with CURL_BLOB_NOCOPY the data must outlive the handle.
static inline CURLcode matriarch_curl_set_blob(CURL *easy, CURLoption option, const void *data, size_t length) {
    struct curl_blob blob = {(void *)data, length, CURL_BLOB_NOCOPY};
    return curl_easy_setopt(easy, option, &blob);
}

static inline CURLcode matriarch_curl_set_body(CURL *easy, const void *data, size_t length) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    return code ? code : curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, data);
}

typedef size_t (*matriarch_curl_data_callback)(char *data, size_t size, size_t count, void *context);

static inline CURLcode matriarch_curl_set_data_callback(CURL *easy, CURLoption option, matriarch_curl_data_callback value) {
    return curl_easy_setopt(easy, option, value);
}

typedef int (*matriarch_curl_socket_callback)(void *context, curl_socket_t descriptor, curlsocktype purpose);

static inline CURLcode matriarch_curl_set_socket_callback(CURL *easy, matriarch_curl_socket_callback value) {
    return curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, value);
}

typedef int (*matriarch_curl_close_callback)(void *context, curl_socket_t descriptor);

static inline CURLcode matriarch_curl_set_close_callback(CURL *easy, matriarch_curl_close_callback value) {
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, value);
}

typedef int (*matriarch_curl_prerequest_callback)(
    void *context, char *remote_address, char *local_address, int remote_port, int local_port);

static inline CURLcode matriarch_curl_set_prerequest_callback(CURL *easy, matriarch_curl_prerequest_callback value) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, value);
}

static inline long matriarch_curl_get_long(CURL *easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) ? 0 : value;
}

static inline int64_t matriarch_curl_get_offset(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(easy, info, &value) ? 0 : value;
}

static inline CURLMcode matriarch_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// The result is in a union, which Swift imports awkwardly.
static inline CURLcode matriarch_curl_message_result(const CURLMsg *message) { return message->data.result; }

static inline void matriarch_name_this_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

// Macros that Swift does not import.
static const size_t matriarch_curl_pause_write = CURL_WRITEFUNC_PAUSE;
static const int matriarch_curl_prerequest_continue = CURL_PREREQFUNC_OK;
static const int matriarch_curl_prerequest_abort = CURL_PREREQFUNC_ABORT;
static const long matriarch_curl_http_version_2_over_tls = CURL_HTTP_VERSION_2TLS;
static const long matriarch_curl_http_version_1_1 = CURL_HTTP_VERSION_1_1;
