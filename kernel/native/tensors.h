// Tensors between typed arrays and TensorFlow: one copy each way. (Sharing memory was tried on paper: V8's buffers are
// aligned to 16 bytes where TensorFlow wants 64 and would copy anyway, and a fetched tensor may share the memory of a
// variable, which JavaScript must not be able to write.)
#pragma once

#include <memory>
#include <vector>

#include "napi.h"
#include "tensorflow/c/tf_tensor.h"

namespace thawbook {

struct TensorDeleter {
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
};
using Tensor = std::unique_ptr<TF_Tensor, TensorDeleter>;

/** `what` names the tensor in errors. Throws where type or length do not match. */
Tensor TensorFromTypedArray(const Bytes& bytes, TF_DataType dtype, const std::vector<int64_t>& shape, const std::string& what);

napi_value TypedArrayFromTensor(napi_env env, const TF_Tensor* tensor);

}  // namespace thawbook
