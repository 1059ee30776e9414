#include "tensors.h"

#include <cstring>

namespace thawbook {

namespace {

struct ArrayType {
  TF_DataType dtype;
  napi_typedarray_type type;
  const char* name;
};

// A boolean is a byte, in both worlds.
constexpr ArrayType kArrayTypes[] = {
    {TF_FLOAT, napi_float32_array, "Float32Array"}, {TF_DOUBLE, napi_float64_array, "Float64Array"},   {TF_INT32, napi_int32_array, "Int32Array"},
    {TF_UINT8, napi_uint8_array, "Uint8Array"},     {TF_INT16, napi_int16_array, "Int16Array"},        {TF_INT8, napi_int8_array, "Int8Array"},
    {TF_INT64, napi_bigint64_array, "BigInt64Array"}, {TF_BOOL, napi_uint8_array, "Uint8Array"},       {TF_UINT16, napi_uint16_array, "Uint16Array"},
    {TF_UINT32, napi_uint32_array, "Uint32Array"},  {TF_UINT64, napi_biguint64_array, "BigUint64Array"}};

const ArrayType& ArrayTypeOf(TF_DataType dtype, const std::string& what) {
  for (const ArrayType& each : kArrayTypes)
    if (each.dtype == dtype) return each;
  throw Failure{what + ": tensors of TensorFlow's type " + std::to_string(dtype) + " cannot cross into JavaScript"};
}

}  // namespace

Tensor TensorFromTypedArray(const Bytes& bytes, TF_DataType dtype, const std::vector<int64_t>& shape, const std::string& what) {
  const ArrayType& expected = ArrayTypeOf(dtype, what);
  if (bytes.type != expected.type) Fail(what + ": expected a " + expected.name);
  // Compared without multiplying first, so that a huge shape cannot overflow into a matching length.
  size_t elements = 1;
  for (const int64_t size : shape) {
    if (size < 0) Fail(what + ": its shape has a negative size");
    if (size != 0 && elements > bytes.length / static_cast<size_t>(size)) {
      elements = bytes.length + 1;
      break;
    }
    elements *= static_cast<size_t>(size);
  }
  if (elements != bytes.length) {
    std::string text;
    for (const int64_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
    Fail(what + ": " + std::to_string(bytes.length) + " values do not fill the shape [" + text + "]");
  }
  Tensor tensor(TF_AllocateTensor(dtype, shape.data(), static_cast<int>(shape.size()), bytes.byte_length));
  if (!tensor) Fail(what + ": no memory for " + std::to_string(bytes.byte_length) + " bytes");
  if (bytes.byte_length > 0) std::memcpy(TF_TensorData(tensor.get()), bytes.data, bytes.byte_length);
  return tensor;
}

napi_value TypedArrayFromTensor(napi_env env, const TF_Tensor* tensor) {
  const ArrayType& type = ArrayTypeOf(TF_TensorType(tensor), "output");
  const size_t byte_length = TF_TensorByteSize(tensor);
  void* data = nullptr;
  napi_value buffer, array;
  Need(env, napi_create_arraybuffer(env, byte_length, &data, &buffer), "output");
  if (byte_length > 0) std::memcpy(data, TF_TensorData(tensor), byte_length);
  Need(env, napi_create_typedarray(env, type.type, static_cast<size_t>(TF_TensorElementCount(tensor)), buffer, 0, &array), "output");
  return array;
}

}  // namespace thawbook
