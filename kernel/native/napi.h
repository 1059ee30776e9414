// The few conversions between JavaScript and C++ that the addon needs. Every failure is a C++ exception inside and a
// JavaScript Error outside; nothing that a caller passes may end the process.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/c/tf_status.h"

namespace thawbook {

struct Failure {
  std::string message;
  std::string code = "THAWBOOK_GRAPH";
};

/** A JavaScript exception is already pending (thrown by a getter of an argument, say). */
struct Pending {};

[[noreturn]] void Fail(std::string message);
/** Throws where N-API reports a failure; `what` says which argument was wrong. */
void Need(napi_env env, napi_status status, const char* what);

/** Owns a TF_Status; Check() throws its message. */
class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  Status(const Status&) = delete;
  Status& operator=(const Status&) = delete;
  TF_Status* get() const { return status_; }
  bool ok() const { return TF_GetCode(status_) == TF_OK; }
  Failure failure() const;
  void Check() const {
    if (!ok()) throw failure();
  }

 private:
  TF_Status* status_;
};

/** The arguments of one call, read by position. */
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, size_t expected, const char* function);
  napi_value operator[](size_t index) const { return values_[index]; }

 private:
  std::vector<napi_value> values_;
};

std::string ReadString(napi_env env, napi_value value, const char* what);
double ReadNumber(napi_env env, napi_value value, const char* what);
int64_t ReadInteger(napi_env env, napi_value value, const char* what);
bool ReadBool(napi_env env, napi_value value, const char* what);
uint32_t ArrayLength(napi_env env, napi_value value, const char* what);
napi_value Element(napi_env env, napi_value array, uint32_t index);
napi_value Property(napi_env env, napi_value object, const char* name);
std::vector<int64_t> ReadIntegers(napi_env env, napi_value value, const char* what);

/** The bytes of a typed array; they belong to JavaScript and live as long as the call. */
struct Bytes {
  napi_typedarray_type type;
  size_t length;
  const void* data;
  size_t byte_length;
};
Bytes ReadTypedArray(napi_env env, napi_value value, const char* what);

napi_value MakeNumber(napi_env env, double value);
napi_value MakeString(napi_env env, const std::string& value);
napi_value MakeArray(napi_env env, size_t length);
napi_value MakeUint8Array(napi_env env, const void* data, size_t length);
napi_value MakeError(napi_env env, const Failure& failure);
void Throw(napi_env env, const Failure& failure);

/** Wraps a C++ object of type T; the tag tells it from every other object. */
template <typename T>
napi_value Wrap(napi_env env, T* object) {
  napi_value holder;
  Need(env, napi_create_object(env, &holder), "object");
  Need(env, napi_type_tag_object(env, holder, &T::kTag), "tag");
  Need(env, napi_wrap(env, holder, object, [](napi_env, void* data, void*) { delete static_cast<T*>(data); }, nullptr, nullptr), "object");
  return holder;
}

template <typename T>
T* Unwrap(napi_env env, napi_value value, const char* what) {
  napi_valuetype type;
  bool tagged = false;
  void* object = nullptr;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_object || napi_check_object_type_tag(env, value, &T::kTag, &tagged) != napi_ok ||
      !tagged || napi_unwrap(env, value, &object) != napi_ok) {
    Fail(std::string("expected a ") + what);
  }
  return static_cast<T*>(object);
}

/** Turns `Body(env, info)`, which may throw, into an N-API callback. */
template <napi_value (*Body)(napi_env, napi_callback_info)>
napi_value Guarded(napi_env env, napi_callback_info info) {
  try {
    return Body(env, info);
  } catch (const Failure& failure) {
    Throw(env, failure);
  } catch (const Pending&) {
  } catch (const std::exception& error) {
    Throw(env, Failure{error.what()});
  }
  return nullptr;
}

}  // namespace thawbook
