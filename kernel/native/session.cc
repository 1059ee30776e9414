// A session runs a graph and owns the resource variables in it. A plan is a call resolved once: what is fed, fetched
// and run for its effect.
#include <memory>
#include <string>
#include <vector>

#include "graph.h"
#include "tensors.h"

namespace thawbook {

namespace {

struct SessionCore {
  SessionCore(std::shared_ptr<GraphCore> graph_core, TF_Session* tf_session) : graph(std::move(graph_core)), session(tf_session) {}
  ~SessionCore() {
    Status status;
    TF_CloseSession(session, status.get());
    TF_DeleteSession(session, status.get());
  }
  SessionCore(const SessionCore&) = delete;
  SessionCore& operator=(const SessionCore&) = delete;
  std::shared_ptr<GraphCore> graph;
  TF_Session* session;
};

/** `core` is null once closed. A run in flight holds its own reference, and the session ends after it. */
struct Session {
  static constexpr napi_type_tag kTag = {0x7468617762670002ULL, 0x73657373696f6e02ULL};
  std::shared_ptr<SessionCore> core;
};

struct Feed {
  TF_Output output;
  TF_DataType dtype;
  std::vector<int64_t> shape;
};

struct PlanCore {
  std::vector<Feed> feeds;
  std::vector<TF_Output> inputs;
  std::vector<TF_Output> outputs;
  std::vector<const TF_Operation*> targets;
};

struct Plan {
  static constexpr napi_type_tag kTag = {0x7468617762670003ULL, 0x706c616e00000003ULL};
  std::weak_ptr<SessionCore> session;
  std::shared_ptr<const PlanCore> core;
};

/** One run: its inputs, and afterwards its outputs. Owns all that a thread of its own needs. */
struct Call {
  std::shared_ptr<SessionCore> session;
  std::shared_ptr<const PlanCore> plan;
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
  Status status;

  /** @param options, metadata serialized RunOptions and RunMetadata, or null */
  void Run(const TF_Buffer* options = nullptr, TF_Buffer* metadata = nullptr) {
    std::vector<TF_Tensor*> in, out(plan->outputs.size(), nullptr);
    for (const Tensor& tensor : inputs) in.push_back(tensor.get());
    TF_SessionRun(session->session, options, plan->inputs.data(), in.data(), static_cast<int>(in.size()), plan->outputs.data(), out.data(),
                  static_cast<int>(out.size()), plan->targets.data(), static_cast<int>(plan->targets.size()), metadata, status.get());
    for (TF_Tensor* tensor : out) outputs.emplace_back(tensor);
  }

  napi_value Outputs(napi_env env) const {
    const napi_value list = MakeArray(env, outputs.size());
    for (uint32_t i = 0; i < outputs.size(); ++i) Need(env, napi_set_element(env, list, i, TypedArrayFromTensor(env, outputs[i].get())), "outputs");
    return list;
  }
};

napi_value CreateSession(napi_env env, napi_callback_info info) {
  const Arguments args(env, info, 2, "createSession");
  const std::shared_ptr<GraphCore>& graph = Unwrap<Graph>(env, args[0], "graph")->core;
  const Bytes config = ReadTypedArray(env, args[1], "configuration");
  std::unique_ptr<TF_SessionOptions, void (*)(TF_SessionOptions*)> options(TF_NewSessionOptions(), TF_DeleteSessionOptions);
  Status status;
  TF_SetConfig(options.get(), config.data, config.byte_length, status.get());
  status.Check();
  TF_Session* session = TF_NewSession(graph->graph, options.get(), status.get());
  status.Check();
  auto holder = std::make_unique<Session>();
  holder->core = std::make_shared<SessionCore>(graph, session);
  const napi_value object = Wrap(env, holder.get());
  holder.release();
  return object;
}

napi_value CloseSession(napi_env env, napi_callback_info info) {
  const Arguments args(env, info, 1, "closeSession");
  Unwrap<Session>(env, args[0], "session")->core.reset();
  return nullptr;
}

/** preparePlan(session, feeds: output[], fetches: output[], targets: op[]) */
napi_value PreparePlan(napi_env env, napi_callback_info info) {
  const Arguments args(env, info, 4, "preparePlan");
  const std::shared_ptr<SessionCore>& session = Unwrap<Session>(env, args[0], "session")->core;
  if (!session) Fail("the session is closed");
  const GraphCore& graph = *session->graph;
  auto core = std::make_shared<PlanCore>();
  core->inputs = ReadOutputs(env, graph, args[1], "feeds");
  core->outputs = ReadOutputs(env, graph, args[2], "fetches");
  for (TF_Operation* op : ReadOps(env, graph, args[3], "targets")) core->targets.push_back(op);
  for (const TF_Output& input : core->inputs) {
    Feed feed{input, TF_OperationOutputType(input), {}};
    if (!StaticShape(graph, input, &feed.shape)) Fail(std::string(TF_OperationName(input.oper)) + ": only inputs of a known shape can be fed");
    core->feeds.push_back(std::move(feed));
  }
  auto plan = std::make_unique<Plan>();
  plan->session = session;
  plan->core = std::move(core);
  const napi_value object = Wrap(env, plan.get());
  plan.release();
  return object;
}

std::unique_ptr<Call> ReadCall(napi_env env, napi_callback_info info, const char* function) {
  const Arguments args(env, info, 2, function);
  const Plan* plan = Unwrap<Plan>(env, args[0], "plan");
  auto call = std::make_unique<Call>();
  call->session = plan->session.lock();
  if (!call->session) Fail("the session is closed");
  call->plan = plan->core;
  const uint32_t count = ArrayLength(env, args[1], "values");
  if (count != call->plan->feeds.size()) {
    Fail("the plan takes " + std::to_string(call->plan->feeds.size()) + " values, not " + std::to_string(count));
  }
  for (uint32_t i = 0; i < count; ++i) {
    const Feed& feed = call->plan->feeds[i];
    const char* name = TF_OperationName(feed.output.oper);
    call->inputs.push_back(TensorFromTypedArray(ReadTypedArray(env, Element(env, args[1], i), name), feed.dtype, feed.shape, name));
  }
  return call;
}

napi_value RunPlan(napi_env env, napi_callback_info info) {
  const std::unique_ptr<Call> call = ReadCall(env, info, "runPlan");
  call->Run();
  call->status.Check();
  return call->Outputs(env);
}

/** profilePlan(plan, values): runs it once, and gives a serialized RunMetadata with the times of every op. */
napi_value ProfilePlan(napi_env env, napi_callback_info info) {
  const std::unique_ptr<Call> call = ReadCall(env, info, "profilePlan");
  static const char kFullTrace[] = {0x08, 0x03};  // RunOptions.trace_level = FULL_TRACE
  std::unique_ptr<TF_Buffer, void (*)(TF_Buffer*)> options(TF_NewBufferFromString(kFullTrace, sizeof(kFullTrace)), TF_DeleteBuffer), metadata(TF_NewBuffer(), TF_DeleteBuffer);
  call->Run(options.get(), metadata.get());
  call->status.Check();
  return MakeUint8Array(env, metadata->data, metadata->length);
}

struct Work {
  std::unique_ptr<Call> call;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

void Settle(napi_env env, napi_status status, void* data) {
  const std::unique_ptr<Work> work(static_cast<Work*>(data));
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  try {
    if (status != napi_ok) Fail("the run was cancelled");
    work->call->status.Check();
    napi_resolve_deferred(env, work->deferred, work->call->Outputs(env));
  } catch (const Failure& failure) {
    napi_value error = MakeError(env, failure);
    if (error != nullptr) napi_reject_deferred(env, work->deferred, error);
  } catch (const Pending&) {
    napi_value error;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_reject_deferred(env, work->deferred, error);
  }
  napi_delete_async_work(env, work->work);
  napi_close_handle_scope(env, scope);
}

/** As runPlan, on a thread of libuv's pool: the event loop goes on. */
napi_value RunPlanAsync(napi_env env, napi_callback_info info) {
  auto work = std::make_unique<Work>();
  work->call = ReadCall(env, info, "runPlanAsync");
  napi_value promise;
  Need(env, napi_create_async_work(env, nullptr, MakeString(env, "thawbook.graph.run"), [](napi_env, void* data) { static_cast<Work*>(data)->call->Run(); },
                                   Settle, work.get(), &work->work),
       "async work");
  Need(env, napi_create_promise(env, &work->deferred, &promise), "promise");
  Need(env, napi_queue_async_work(env, work->work), "async work");
  work.release();
  return promise;
}

}  // namespace

void DefineSession(napi_env env, napi_value exports) {
  Define(env, exports, "createSession", Guarded<CreateSession>);
  Define(env, exports, "closeSession", Guarded<CloseSession>);
  Define(env, exports, "preparePlan", Guarded<PreparePlan>);
  Define(env, exports, "runPlan", Guarded<RunPlan>);
  Define(env, exports, "profilePlan", Guarded<ProfilePlan>);
  Define(env, exports, "runPlanAsync", Guarded<RunPlanAsync>);
}

}  // namespace thawbook

NAPI_MODULE_INIT() {
  try {
    thawbook::DefineGraph(env, exports);
    thawbook::DefineSession(env, exports);
    thawbook::Define(env, exports, "tensorflowVersion", [](napi_env e, napi_callback_info) -> napi_value {
      napi_value text;
      return napi_create_string_utf8(e, TF_Version(), NAPI_AUTO_LENGTH, &text) == napi_ok ? text : nullptr;
    });
  } catch (const thawbook::Failure& failure) {
    thawbook::Throw(env, failure);
  } catch (const thawbook::Pending&) {
  }
  return exports;
}
