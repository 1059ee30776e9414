// A TensorFlow graph that grows op by op (with shapes inferred at once) or by importing a serialized graph.
#pragma once

#include <memory>
#include <vector>

#include "napi.h"
#include "tensorflow/c/c_api.h"

namespace thawbook {

/** Shared by the JavaScript object and the sessions that run it. */
struct GraphCore {
  GraphCore() : graph(TF_NewGraph()) {}
  ~GraphCore() { TF_DeleteGraph(graph); }
  GraphCore(const GraphCore&) = delete;
  GraphCore& operator=(const GraphCore&) = delete;
  TF_Graph* graph;
  /** JavaScript names an op by its place in this list. */
  std::vector<TF_Operation*> ops;

  TF_Operation* Op(int64_t index) const;
  /** An output is one number in JavaScript: op * 2^20 + index. */
  TF_Output Output(int64_t reference) const;
  int64_t Add(TF_Operation* op);
};

struct Graph {
  static constexpr napi_type_tag kTag = {0x7468617762670001ULL, 0x6772617068000001ULL};
  std::shared_ptr<GraphCore> core = std::make_shared<GraphCore>();
};

constexpr int64_t kOutputsPerOp = 1 << 20;

std::vector<TF_Output> ReadOutputs(napi_env env, const GraphCore& core, napi_value value, const char* what);
std::vector<TF_Operation*> ReadOps(napi_env env, const GraphCore& core, napi_value value, const char* what);
/** The static shape of an output; false where it is not fully known. */
bool StaticShape(const GraphCore& core, TF_Output output, std::vector<int64_t>* shape);

/** Adds createGraph, opDefinition, addOp, importGraph and serializeGraph to the exports. */
void DefineGraph(napi_env env, napi_value exports);
void Define(napi_env env, napi_value exports, const char* name, napi_callback callback);

}  // namespace thawbook
