package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorDigest;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.Matrix;
import io.hadal.model.MemoryPlan;
import io.hadal.model.cache.CacheLayout;
import io.hadal.model.config.BlockDraftConfig;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.NumericMode;
import io.hadal.model.packed.PackedFile;
import io.hadal.model.packed.PackedPlaces;
import io.hadal.model.weights.PackableMatrices;
import io.hadal.model.weights.PackedWeights;
import io.hadal.model.weights.WeightBinder;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code hadal inspect}: what a checkpoint holds and what running it would need. */
@Command(
    name = "inspect",
    description = {
      "Shows configuration, tensors, parameters, tokenizer and memory plan of a checkpoint.",
      "Loads no weights. What can be read of an incomplete or unsupported checkpoint is shown"
          + " before the error."
    })
final class InspectCommand implements Callable<Integer> {
  private static final int DEFAULT_CONTEXT = 4096;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private EngramOption engram = new EngramOption();

  @Mixin private RunOptions run = new RunOptions();

  @Mixin private ModeOption mode = ModeOption.fast();

  @Parameters(
      paramLabel = "MODEL",
      description = "A folder with config.json and *.safetensors, or a GGUF file.")
  private Path model = Path.of("");

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      description = "Tokens of context to plan for. Default: 4096, or less if the model has less.")
  private @Nullable Integer context;

  @Option(names = "--tensors", description = "List every tensor with type, shape and bytes.")
  private boolean tensors;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (context != null && context < 1) {
      throw new ParameterException(spec.commandLine(), "--context must be positive");
    }
    try (TensorStore store = Checkpoints.open(model)) {
      CheckpointSummary summary = CheckpointSummary.of(model, store);
      ModelConfig config = summary.config();
      MemoryPlan plan = config == null ? null : plan(config, store);
      if (json) {
        out.println(json(summary, plan, store).toPrettyString());
      } else {
        print(out, summary, plan, store);
      }
      out.flush();
      if (!summary.problems().isEmpty()) {
        throw summary.problems().getFirst();
      }
      return ExitCode.OK;
    }
  }

  private MemoryPlan plan(ModelConfig config, TensorStore store) {
    int tokens = context != null ? context : Math.min(DEFAULT_CONTEXT, config.contextLength());
    var options = run.engine(tokens).withMode(mode.mode());
    CacheLayout layout =
        CacheLayout.of(config, options.mode(), options.packedCache(), options.stepTokens());
    MemoryPlan plan =
        MemoryPlan.of(config, store, layout, tokens, options.threads(), engram.cacheBytes());
    return options.mode() == NumericMode.FAST ? plan.with(packed(config, store)) : plan;
  }

  /** What mode fast would pack; nothing of a checkpoint that cannot run. */
  private MemoryPlan.Packed packed(ModelConfig config, TensorStore store) {
    Map<String, Matrix> matrices;
    try {
      matrices = PackableMatrices.of(config, WeightBinder.bind(config, store), null);
    } catch (FormatException e) {
      return MemoryPlan.Packed.NONE;
    }
    try (PackedWeights weights = new PackedWeights()) {
      PackedFile file = PackedPlaces.user().find(model, () -> TensorDigest.sampled(store));
      if (file != null) {
        weights.use(file, matrices);
      }
      return MemoryPlan.Packed.of(matrices.values(), weights);
    }
  }

  private void print(
      PrintWriter out, CheckpointSummary s, @Nullable MemoryPlan plan, TensorStore store) {
    line(out, "model", s.path().toString());
    line(out, "files", s.files() + " " + s.format() + ", " + MemoryPlan.size(s.bytes()));
    ModelConfig config = s.config();
    if (config != null) {
      config(out, config, s.drafters());
    }
    ParameterCount p = s.parameters();
    if (p != null) {
      line(
          out,
          "parameters",
          ParameterCount.readable(p.total())
              + ", "
              + ParameterCount.readable(p.active())
              + " active per token"
              + (p.drafters() == 0
                  ? ""
                  : "; drafter " + ParameterCount.readable(p.drafters()) + " besides")
              + (p.vision() == 0
                  ? ""
                  : "; vision " + ParameterCount.readable(p.vision()) + " besides"));
      engram(out, config, p);
    }
    line(out, "tensors", s.tensors() + " in " + s.storage().size() + " storage types");
    s.storage()
        .forEach(
            (type, stored) ->
                out.println(
                    String.format(
                        Locale.ROOT,
                        "  %-9s %6d tensors  %s",
                        type,
                        stored.tensors(),
                        MemoryPlan.size(stored.bytes()))));
    line(
        out,
        "tokenizer",
        s.tokenizer()
            .map(t -> "found, " + t.vocabSize() + " tokens")
            .orElse("not found; give text commands --tokenizer FILE"));
    if (plan != null) {
      out.println();
      out.println("memory plan, context " + plan.context() + ", mode " + lower(mode.mode()));
      plan.lines().forEach(line -> out.println("  " + line));
      out.println("  " + verdict(plan));
    }
    if (tensors) {
      out.println();
      for (String name : store.names()) {
        StoredTensor tensor = store.find(name);
        if (tensor != null) {
          out.println(
              name
                  + "  "
                  + tensor.type()
                  + "  "
                  + tensor.shape()
                  + "  "
                  + tensor.data().byteSize());
        }
      }
    }
  }

  /** Tables of the n-gram memory and the balance between them and the experts. */
  private static void engram(PrintWriter out, @Nullable ModelConfig config, ParameterCount p) {
    EngramConfig grams = config == null ? null : config.engram();
    if (config == null || grams == null) {
      return;
    }
    line(
        out,
        "engram",
        "layers "
            + grams.layers()
            + ", rows "
            + (grams.rows().isEmpty()
                ? p.engram() / grams.headDim() + " in all"
                : grams.rows().toString())
            + " of "
            + grams.headDim()
            + ", n-grams to "
            + grams.maxOrder()
            + (grams.channels().isEmpty() ? "" : ", channels " + grams.channels().keySet())
            + ", "
            + grams.heads()
            + " heads");
    line(
        out,
        "engram share",
        String.format(
            Locale.ROOT,
            "%s, %.1f %% of the parameters; allocation ratio %.3f",
            ParameterCount.readable(p.engram()),
            100.0 * p.engram() / p.total(),
            p.allocation(config)));
  }

  private String verdict(MemoryPlan plan) {
    long memory = run.memory();
    String size = MemoryPlan.size(memory);
    if (plan.totalBytes() <= memory) {
      return "fits in " + size + " of available memory";
    }
    if (plan.tablesDecide(memory)) {
      return "does not fit in "
          + size
          + " of available memory; n-gram tables could stay on disk (--engram-cache)";
    }
    if (plan.packingDecides(memory)) {
      return "does not fit in "
          + size
          + " of available memory; fits with --mode exact, or runs with --stream from a side file"
          + " (hadal pack)";
    }
    if (plan.workBytes() <= memory) {
      return "does not fit in "
          + size
          + " of available memory; runs with --stream, slower"
          + (plan.packed().memory() > 0 ? ", best from a side file (hadal pack)" : "");
    }
    int shorter = plan.fittingContext(memory, true);
    return "does not fit in "
        + size
        + " of available memory"
        + (shorter > 0 ? "; a context of " + shorter + " would, with --stream" : "");
  }

  private static void config(PrintWriter out, ModelConfig c, int drafters) {
    line(out, "family", c.family());
    line(out, "context", c.contextLength() + " positions");
    line(out, "vocabulary", Integer.toString(c.vocabSize()));
    line(out, "hidden size", c.hiddenSize() + " in " + c.hyper().streams() + " streams");
    line(out, "layers", c.layers().size() + ": " + kinds(c.layers()));
    line(
        out,
        "attention",
        c.attention().heads()
            + " heads of "
            + c.attention().headDim()
            + " ("
            + c.attention().ropeDim()
            + " rotated), window "
            + c.attention().window());
    line(
        out,
        "indexer",
        c.indexer().heads() + " heads of " + c.indexer().headDim() + ", top " + c.indexer().topK());
    line(
        out,
        "experts",
        c.layers().getFirst().moe().experts()
            + " of width "
            + c.layers().getFirst().moe().width()
            + ", "
            + c.layers().getFirst().moe().activeExperts()
            + " active, "
            + c.layers().getFirst().moe().sharedExperts()
            + " shared");
    BlockDraftConfig draft = c.blockDraft();
    String drafter = "none";
    if (draft != null) {
      drafter = draft.stages().size() + " stages, blocks of " + draft.blockSize();
    } else if (!c.drafters().isEmpty()) {
      drafter = drafters + " of " + c.drafters().size() + " MTP layers in the files";
    }
    line(out, "drafter", drafter);
  }

  /** Layer kinds in order, runs shortened. */
  private static String kinds(List<LayerConfig> layers) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    layers.forEach(l -> counts.merge(kind(l), 1, Integer::sum));
    return counts.entrySet().stream()
        .map(e -> e.getValue() + " " + e.getKey())
        .collect(Collectors.joining(", "));
  }

  private static String kind(LayerConfig layer) {
    return layer.hashRouted() ? layer.kind() + " hash-routed" : layer.kind();
  }

  private ObjectNode json(CheckpointSummary s, @Nullable MemoryPlan plan, TensorStore store) {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("model", s.path().toString());
    root.put("format", s.format());
    root.put("files", s.files());
    root.put("bytes", s.bytes());
    ModelConfig config = s.config();
    if (config != null) {
      json(config, root);
      root.put("mtp_layers", s.drafters());
    }
    ParameterCount p = s.parameters();
    if (p != null) {
      root.putObject("parameters")
          .put("total", p.total())
          .put("active", p.active())
          .put("mtp", p.drafters())
          .put("engram", p.engram())
          .put("vision", p.vision());
      if (config != null && config.engram() != null) {
        root.put("allocation_ratio", p.allocation(config));
      }
    }
    ObjectNode held = root.putObject("tensors").put("count", s.tensors());
    if (tensors) {
      list(store, held.putArray("list"));
    }
    ObjectNode storage = root.putObject("storage");
    s.storage()
        .forEach(
            (type, stored) ->
                storage
                    .putObject(type.name())
                    .put("tensors", stored.tensors())
                    .put("bytes", stored.bytes()));
    ObjectNode tokenizer = root.putObject("tokenizer").put("found", s.tokenizer().isPresent());
    s.tokenizer().map(Tokenizer::vocabSize).ifPresent(n -> tokenizer.put("tokens", n));
    if (plan != null) {
      root.putObject("memory_plan")
          .put("context", plan.context())
          .put("mode", lower(mode.mode()))
          .put("weight_bytes", plan.weightBytes())
          .put("packed_memory_bytes", plan.packed().memory())
          .put("packed_file_bytes", plan.packed().file())
          .put("engram_table_bytes", plan.engramTables())
          .put("engram_cache_bytes", plan.engramCache())
          .put("kv_bytes", plan.kvBytes())
          .put("kv_fixed_bytes", plan.kvFixed())
          .put("kv_bytes_per_token", plan.kvPerToken())
          .put("scratch_bytes", plan.scratch())
          .put("total_bytes", plan.totalBytes())
          .put("available_bytes", run.memory())
          .put("fits", plan.totalBytes() <= run.memory());
    }
    ArrayNode problems = root.putArray("problems");
    for (FormatException problem : s.problems()) {
      problems.add(problem.getMessage());
    }
    return root;
  }

  private static void json(ModelConfig c, ObjectNode root) {
    root.put("family", c.family());
    ObjectNode config = root.putObject("config");
    config
        .put("context_length", c.contextLength())
        .put("vocab_size", c.vocabSize())
        .put("hidden_size", c.hiddenSize())
        .put("streams", c.hyper().streams())
        .put("heads", c.attention().heads())
        .put("head_dim", c.attention().headDim())
        .put("rope_dim", c.attention().ropeDim())
        .put("query_rank", c.attention().queryRank())
        .put("window", c.attention().window())
        .put("indexer_heads", c.indexer().heads())
        .put("indexer_head_dim", c.indexer().headDim())
        .put("indexer_top_k", c.indexer().topK())
        .put("experts", c.layers().getFirst().moe().experts())
        .put("active_experts", c.layers().getFirst().moe().activeExperts())
        .put("shared_experts", c.layers().getFirst().moe().sharedExperts())
        .put("expert_width", c.layers().getFirst().moe().width())
        .put("bos_id", c.bosId())
        .put("eos_id", c.eosId());
    ArrayNode layers = config.putArray("layers");
    for (LayerConfig layer : c.layers()) {
      layers.addObject().put("kind", layer.kind()).put("hash_routed", layer.hashRouted());
    }
  }

  private static void list(TensorStore store, ArrayNode list) {
    for (String name : store.names()) {
      StoredTensor tensor = store.find(name);
      if (tensor != null) {
        ObjectNode node = list.addObject().put("name", name).put("type", tensor.type().name());
        ArrayNode shape = node.putArray("shape");
        tensor.shape().forEach(shape::add);
        node.put("bytes", tensor.data().byteSize());
      }
    }
  }

  private static String lower(NumericMode mode) {
    return mode.name().toLowerCase(Locale.ROOT);
  }

  private static void line(PrintWriter out, String name, String value) {
    out.println(String.format(Locale.ROOT, "%-12s %s", name, value));
  }
}
