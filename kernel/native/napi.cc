#include "napi.h"

#include <cmath>
#include <cstring>

namespace thawbook {

void Fail(std::string message) { throw Failure{std::move(message)}; }

void Need(napi_env env, napi_status status, const char* what) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) throw Pending{};
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  Fail(std::string(what) + ": " + (info != nullptr && info->error_message != nullptr ? info->error_message : "wrong type"));
}

Failure Status::failure() const {
  static const char* const kNames[] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
                                       "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
                                       "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};
  const int code = TF_GetCode(status_);
  return Failure{TF_Message(status_), std::string("TF_") + (code >= 0 && code <= 16 ? kNames[code] : "UNKNOWN")};
}

Arguments::Arguments(napi_env env, napi_callback_info info, size_t expected, const char* function) : values_(expected) {
  size_t count = expected;
  Need(env, napi_get_cb_info(env, info, &count, values_.data(), nullptr, nullptr), function);
  if (count < expected) Fail(std::string(function) + " takes " + std::to_string(expected) + " arguments, not " + std::to_string(count));
}

std::string ReadString(napi_env env, napi_value value, const char* what) {
  size_t length = 0;
  Need(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length), what);
  std::string text(length, '\0');
  Need(env, napi_get_value_string_utf8(env, value, text.data(), length + 1, &length), what);
  return text;
}

double ReadNumber(napi_env env, napi_value value, const char* what) {
  double number = 0;
  Need(env, napi_get_value_double(env, value, &number), what);
  return number;
}

int64_t ReadInteger(napi_env env, napi_value value, const char* what) {
  const double number = ReadNumber(env, value, what);
  if (!(std::abs(number) <= 9007199254740991.0) || std::trunc(number) != number) Fail(std::string(what) + ": expected an integer, got " + std::to_string(number));
  return static_cast<int64_t>(number);
}

bool ReadBool(napi_env env, napi_value value, const char* what) {
  bool flag = false;
  Need(env, napi_get_value_bool(env, value, &flag), what);
  return flag;
}

uint32_t ArrayLength(napi_env env, napi_value value, const char* what) {
  uint32_t length = 0;
  Need(env, napi_get_array_length(env, value, &length), what);
  return length;
}

napi_value Element(napi_env env, napi_value array, uint32_t index) {
  napi_value element;
  Need(env, napi_get_element(env, array, index, &element), "array element");
  return element;
}

napi_value Property(napi_env env, napi_value object, const char* name) {
  napi_value value;
  Need(env, napi_get_named_property(env, object, name, &value), name);
  return value;
}

std::vector<int64_t> ReadIntegers(napi_env env, napi_value value, const char* what) {
  std::vector<int64_t> integers(ArrayLength(env, value, what));
  for (uint32_t i = 0; i < integers.size(); ++i) integers[i] = ReadInteger(env, Element(env, value, i), what);
  return integers;
}

namespace {
size_t ElementSize(napi_typedarray_type type) {
  switch (type) {
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      return 1;
  }
}
}  // namespace

Bytes ReadTypedArray(napi_env env, napi_value value, const char* what) {
  bool typed = false;
  Need(env, napi_is_typedarray(env, value, &typed), what);
  if (!typed) Fail(std::string(what) + ": expected a typed array");
  Bytes bytes{};
  void* data = nullptr;
  Need(env, napi_get_typedarray_info(env, value, &bytes.type, &bytes.length, &data, nullptr, nullptr), what);
  bytes.data = data;
  bytes.byte_length = bytes.length * ElementSize(bytes.type);
  return bytes;
}

napi_value MakeNumber(napi_env env, double value) {
  napi_value number;
  Need(env, napi_create_double(env, value, &number), "number");
  return number;
}

napi_value MakeString(napi_env env, const std::string& value) {
  napi_value text;
  Need(env, napi_create_string_utf8(env, value.data(), value.size(), &text), "string");
  return text;
}

napi_value MakeArray(napi_env env, size_t length) {
  napi_value array;
  Need(env, napi_create_array_with_length(env, length, &array), "array");
  return array;
}

napi_value MakeUint8Array(napi_env env, const void* data, size_t length) {
  void* copy = nullptr;
  napi_value buffer, array;
  Need(env, napi_create_arraybuffer(env, length, &copy, &buffer), "buffer");
  if (length > 0) std::memcpy(copy, data, length);
  Need(env, napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &array), "buffer");
  return array;
}

napi_value MakeError(napi_env env, const Failure& failure) {
  napi_value code, message, error;
  if (napi_create_string_utf8(env, failure.code.data(), failure.code.size(), &code) != napi_ok) return nullptr;
  if (napi_create_string_utf8(env, failure.message.data(), failure.message.size(), &message) != napi_ok) return nullptr;
  if (napi_create_error(env, code, message, &error) != napi_ok) return nullptr;
  return error;
}

void Throw(napi_env env, const Failure& failure) {
  napi_value error = MakeError(env, failure);
  if (error != nullptr) napi_throw(env, error);
}

}  // namespace thawbook
