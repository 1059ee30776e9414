#include "graph.h"

#include <cstring>
#include <functional>
#include <string>

#include "tensors.h"

namespace thawbook {

TF_Operation* GraphCore::Op(int64_t index) const {
  if (index < 0 || index >= static_cast<int64_t>(ops.size())) Fail("op " + std::to_string(index) + " is not in this graph of " + std::to_string(ops.size()));
  return ops[static_cast<size_t>(index)];
}

TF_Output GraphCore::Output(int64_t reference) const {
  if (reference < 0) Fail("output " + std::to_string(reference) + " does not exist");
  const TF_Output output{Op(reference / kOutputsPerOp), static_cast<int>(reference % kOutputsPerOp)};
  if (output.index >= TF_OperationNumOutputs(output.oper)) {
    Fail(std::string(TF_OperationName(output.oper)) + " has no output " + std::to_string(output.index));
  }
  return output;
}

int64_t GraphCore::Add(TF_Operation* op) {
  ops.push_back(op);
  return static_cast<int64_t>(ops.size()) - 1;
}

std::vector<TF_Output> ReadOutputs(napi_env env, const GraphCore& core, napi_value value, const char* what) {
  std::vector<TF_Output> outputs;
  for (const int64_t reference : ReadIntegers(env, value, what)) outputs.push_back(core.Output(reference));
  return outputs;
}

std::vector<TF_Operation*> ReadOps(napi_env env, const GraphCore& core, napi_value value, const char* what) {
  std::vector<TF_Operation*> ops;
  for (const int64_t index : ReadIntegers(env, value, what)) ops.push_back(core.Op(index));
  return ops;
}

bool StaticShape(const GraphCore& core, TF_Output output, std::vector<int64_t>* shape) {
  Status status;
  const int rank = TF_GraphGetTensorNumDims(core.graph, output, status.get());
  status.Check();
  if (rank < 0) return false;
  shape->assign(static_cast<size_t>(rank), -1);
  TF_GraphGetTensorShape(core.graph, output, shape->data(), rank, status.get());
  status.Check();
  for (const int64_t size : *shape)
    if (size < 0) return false;
  return true;
}

namespace {

using SetAttribute = std::function<void(TF_OperationDescription*)>;

// Everything is read before the op is begun: TensorFlow offers no way to abandon a description.
SetAttribute ReadAttribute(napi_env env, napi_value entry) {
  const std::string name = ReadString(env, Property(env, entry, "name"), "attribute name");
  const std::string kind = ReadString(env, Property(env, entry, "kind"), "attribute kind");
  const napi_value value = Property(env, entry, "value");
  const char* what = name.c_str();
  if (kind == "type") return [=, type = static_cast<TF_DataType>(ReadInteger(env, value, what))](auto* d) { TF_SetAttrType(d, name.c_str(), type); };
  if (kind == "int") return [=, number = ReadInteger(env, value, what)](auto* d) { TF_SetAttrInt(d, name.c_str(), number); };
  if (kind == "float") return [=, number = static_cast<float>(ReadNumber(env, value, what))](auto* d) { TF_SetAttrFloat(d, name.c_str(), number); };
  if (kind == "bool") return [=, flag = ReadBool(env, value, what)](auto* d) { TF_SetAttrBool(d, name.c_str(), flag ? 1 : 0); };
  if (kind == "string") return [=, text = ReadString(env, value, what)](auto* d) { TF_SetAttrString(d, name.c_str(), text.data(), text.size()); };
  if (kind == "ints")
    return [=, list = ReadIntegers(env, value, what)](auto* d) { TF_SetAttrIntList(d, name.c_str(), list.data(), static_cast<int>(list.size())); };
  if (kind == "shape")
    return [=, list = ReadIntegers(env, value, what)](auto* d) { TF_SetAttrShape(d, name.c_str(), list.data(), static_cast<int>(list.size())); };
  if (kind == "floats") {
    std::vector<float> list(ArrayLength(env, value, what));
    for (uint32_t i = 0; i < list.size(); ++i) list[i] = static_cast<float>(ReadNumber(env, Element(env, value, i), what));
    return [=](auto* d) { TF_SetAttrFloatList(d, name.c_str(), list.data(), static_cast<int>(list.size())); };
  }
  if (kind == "bools") {
    std::vector<unsigned char> list(ArrayLength(env, value, what));
    for (uint32_t i = 0; i < list.size(); ++i) list[i] = ReadBool(env, Element(env, value, i), what) ? 1 : 0;
    return [=](auto* d) { TF_SetAttrBoolList(d, name.c_str(), list.data(), static_cast<int>(list.size())); };
  }
  if (kind == "types") {
    std::vector<TF_DataType> list;
    for (const int64_t type : ReadIntegers(env, value, what)) list.push_back(static_cast<TF_DataType>(type));
    return [=](auto* d) { TF_SetAttrTypeList(d, name.c_str(), list.data(), static_cast<int>(list.size())); };
  }
  if (kind == "tensor") {
    const auto dtype = static_cast<TF_DataType>(ReadInteger(env, Property(env, value, "dtype"), what));
    const std::vector<int64_t> shape = ReadIntegers(env, Property(env, value, "shape"), what);
    std::shared_ptr<TF_Tensor> tensor(TensorFromTypedArray(ReadTypedArray(env, Property(env, value, "values"), what), dtype, shape, name).release(), TF_DeleteTensor);
    return [=](auto* d) {
      Status status;
      TF_SetAttrTensor(d, name.c_str(), tensor.get(), status.get());
    };
  }
  throw Failure{"attribute " + name + ": unknown kind " + kind};
}

napi_value DescribeOp(napi_env env, const GraphCore& core, int64_t index) {
  TF_Operation* op = core.Op(index);
  const int count = TF_OperationNumOutputs(op);
  napi_value result, outputs = MakeArray(env, static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    const TF_Output output{op, i};
    napi_value each, shape;
    Need(env, napi_create_object(env, &each), "output");
    std::vector<int64_t> sizes;
    if (StaticShape(core, output, &sizes)) {
      shape = MakeArray(env, sizes.size());
      for (uint32_t d = 0; d < sizes.size(); ++d) Need(env, napi_set_element(env, shape, d, MakeNumber(env, static_cast<double>(sizes[d]))), "shape");
    } else {
      Need(env, napi_get_null(env, &shape), "shape");
    }
    Need(env, napi_set_named_property(env, each, "dtype", MakeNumber(env, TF_OperationOutputType(output))), "dtype");
    Need(env, napi_set_named_property(env, each, "shape", shape), "shape");
    Need(env, napi_set_element(env, outputs, static_cast<uint32_t>(i), each), "outputs");
  }
  Need(env, napi_create_object(env, &result), "op");
  Need(env, napi_set_named_property(env, result, "op", MakeNumber(env, static_cast<double>(index))), "op");
  Need(env, napi_set_named_property(env, result, "outputs", outputs), "outputs");
  return result;
}

napi_value CreateGraph(napi_env env, napi_callback_info) {
  auto graph = std::make_unique<Graph>();
  const napi_value holder = Wrap(env, graph.get());
  graph.release();
  return holder;
}

struct Buffer {
  Buffer() : buffer(TF_NewBuffer()) {}
  ~Buffer() { TF_DeleteBuffer(buffer); }
  TF_Buffer* buffer;
};

napi_value OpDefinition(napi_env env, napi_callback_info info) {
  const Arguments args(env, info, 2, "opDefinition");
  const GraphCore& core = *Unwrap<Graph>(env, args[0], "graph")->core;
  Status status;
  Buffer definition;
  TF_GraphGetOpDef(core.graph, ReadString(env, args[1], "op").c_str(), definition.buffer, status.get());
  status.Check();
  return MakeUint8Array(env, definition.buffer->data, definition.buffer->length);
}

/** addOp(graph, type, name, inputs: (output | output[])[], controls: op[], attributes) */
napi_value AddOp(napi_env env, napi_callback_info info) {
  const Arguments args(env, info, 6, "addOp");
  GraphCore& core = *Unwrap<Graph>(env, args[0], "graph")->core;
  const std::string type = ReadString(env, args[1], "op");
  const std::string name = ReadString(env, args[2], "name");
  struct Input {
    bool list;
    std::vector<TF_Output> outputs;
  };
  std::vector<Input> inputs(ArrayLength(env, args[3], "inputs"));
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    const napi_value each = Element(env, args[3], i);
    Need(env, napi_is_array(env, each, &inputs[i].list), "inputs");
    if (inputs[i].list) {
      inputs[i].outputs = ReadOutputs(env, core, each, "inputs");
    } else {
      inputs[i].outputs = {core.Output(ReadInteger(env, each, "inputs"))};
    }
  }
  const std::vector<TF_Operation*> controls = ReadOps(env, core, args[4], "controls");
  std::vector<SetAttribute> attributes(ArrayLength(env, args[5], "attributes"));
  for (uint32_t i = 0; i < attributes.size(); ++i) attributes[i] = ReadAttribute(env, Element(env, args[5], i));

  TF_OperationDescription* description = TF_NewOperation(core.graph, type.c_str(), name.c_str());
  for (const Input& input : inputs) {
    if (input.list) {
      TF_AddInputList(description, input.outputs.data(), static_cast<int>(input.outputs.size()));
    } else {
      TF_AddInput(description, input.outputs.front());
    }
  }
  for (TF_Operation* control : controls) TF_AddControlInput(description, control);
  for (const SetAttribute& set : attributes) set(description);
  Status status;
  TF_Operation* op = TF_FinishOperation(description, status.get());
  status.Check();
  return DescribeOp(env, core, core.Add(op));
}

/**
 * importGraph(graph, bytes, prefix, names: string[], outputs: output[], controls: op[], returns: string[]): output[]
 * Every input called names[i] (an op's name; its first output) is replaced by outputs[i]; all imported ops wait for
 * `controls`; `returns` are "op:index".
 */
napi_value ImportGraph(napi_env env, napi_callback_info info) {
  const Arguments args(env, info, 7, "importGraph");
  GraphCore& core = *Unwrap<Graph>(env, args[0], "graph")->core;
  const Bytes bytes = ReadTypedArray(env, args[1], "serialized graph");
  const std::string prefix = ReadString(env, args[2], "prefix");
  const uint32_t mapped = ArrayLength(env, args[3], "names");
  const std::vector<TF_Output> replacements = ReadOutputs(env, core, args[4], "outputs");
  if (replacements.size() != mapped) Fail("importGraph: as many outputs as names are needed");
  const std::vector<TF_Operation*> controls = ReadOps(env, core, args[5], "controls");
  std::unique_ptr<TF_ImportGraphDefOptions, void (*)(TF_ImportGraphDefOptions*)> options(TF_NewImportGraphDefOptions(), TF_DeleteImportGraphDefOptions);
  TF_ImportGraphDefOptionsSetPrefix(options.get(), prefix.c_str());
  for (uint32_t i = 0; i < mapped; ++i) {
    TF_ImportGraphDefOptionsAddInputMapping(options.get(), ReadString(env, Element(env, args[3], i), "names").c_str(), 0, replacements[i]);
  }
  for (TF_Operation* control : controls) TF_ImportGraphDefOptionsAddControlDependency(options.get(), control);
  const uint32_t returned = ArrayLength(env, args[6], "returns");
  for (uint32_t i = 0; i < returned; ++i) {
    const std::string text = ReadString(env, Element(env, args[6], i), "returns");
    const size_t colon = text.find(':');
    if (colon == std::string::npos || text.find_first_not_of("0123456789", colon + 1) != std::string::npos || text.size() - colon > 7 || colon + 1 == text.size()) {
      Fail("returns: \"" + text + "\" is not op:index");
    }
    TF_ImportGraphDefOptionsAddReturnOutput(options.get(), text.substr(0, colon).c_str(), std::stoi(text.substr(colon + 1)));
  }
  std::unique_ptr<TF_Buffer, void (*)(TF_Buffer*)> buffer(TF_NewBufferFromString(bytes.data, bytes.byte_length), TF_DeleteBuffer);
  Status status;
  std::unique_ptr<TF_ImportGraphDefResults, void (*)(TF_ImportGraphDefResults*)> results(
      TF_GraphImportGraphDefWithResults(core.graph, buffer.get(), options.get(), status.get()), TF_DeleteImportGraphDefResults);
  status.Check();
  int count = 0;
  TF_Output* outputs = nullptr;
  TF_ImportGraphDefResultsReturnOutputs(results.get(), &count, &outputs);
  const napi_value list = MakeArray(env, static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    const double reference = static_cast<double>(core.Add(outputs[i].oper) * kOutputsPerOp + outputs[i].index);
    Need(env, napi_set_element(env, list, static_cast<uint32_t>(i), MakeNumber(env, reference)), "returns");
  }
  return list;
}

napi_value SerializeGraph(napi_env env, napi_callback_info info) {
  const Arguments args(env, info, 1, "serializeGraph");
  const GraphCore& core = *Unwrap<Graph>(env, args[0], "graph")->core;
  Status status;
  Buffer bytes;
  TF_GraphToGraphDef(core.graph, bytes.buffer, status.get());
  status.Check();
  return MakeUint8Array(env, bytes.buffer->data, bytes.buffer->length);
}

}  // namespace

void Define(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  Need(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function), name);
  Need(env, napi_set_named_property(env, exports, name, function), name);
}

void DefineGraph(napi_env env, napi_value exports) {
  Define(env, exports, "createGraph", Guarded<CreateGraph>);
  Define(env, exports, "opDefinition", Guarded<OpDefinition>);
  Define(env, exports, "addOp", Guarded<AddOp>);
  Define(env, exports, "importGraph", Guarded<ImportGraph>);
  Define(env, exports, "serializeGraph", Guarded<SerializeGraph>);
}

}  // namespace thawbook
