package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.GenerationOptions;
import io.hadal.engine.GenerationResult;
import io.hadal.engine.GenerationResult.Stop;
import io.hadal.engine.Generator;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.engine.TokenListener;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Model;
import io.hadal.model.config.ModelConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code hadal generate}: continues a prompt. */
@Command(
    name = "generate",
    description = {
      "Continues a prompt and prints the text as it is made; figures go to stderr.",
      "A model without tokenizer takes and prints token ids."
    })
final class GenerateCommand implements Callable<Integer> {
  private static final int MOST_LOGPROBS = 100;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private ModeOption mode = ModeOption.fast();

  @Mixin private WarmUpOption warmUp = new WarmUpOption();

  @Mixin private ReplayOption replay = new ReplayOption();

  @Mixin private SamplingFlags sampling = new SamplingFlags();

  @Mixin private ProgressOption progress = new ProgressOption();

  @ArgGroup(exclusive = true, multiplicity = "1")
  private PromptSource prompt = new PromptSource();

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description = "Tokenizer to use instead of the model's.")
  private @Nullable Path tokenizerFile;

  @Option(names = "-n", paramLabel = "N", description = "Most tokens to generate. Default: 128.")
  private int count = 128;

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      description = "Longest prompt and continuation together. Default: what is asked for.")
  private @Nullable Integer context;

  @Option(
      names = "--ignore-eos",
      description = "Go on after the end-of-sequence token. Default: stop there.")
  private boolean ignoreEos;

  @Option(
      names = "--bos",
      negatable = true,
      description = "Begin with the beginning-of-sequence token. Default: as the tokenizer asks.")
  private @Nullable Boolean bos;

  @Option(names = "--json", description = "Print one JSON object at the end instead of text.")
  private boolean json;

  @Option(
      names = "--logprobs",
      paramLabel = "K",
      arity = "0..1",
      fallbackValue = "0",
      description = "With --json: log probability of every token and of the K most likely ones.")
  private @Nullable Integer logprobs;

  @Override
  public Integer call() throws IOException {
    checkFlags();
    SamplingOptions choice = sampling.options();
    try (Model loaded = model.load()) {
      ModelConfig config = loaded.config();
      Tokenizer tokenizer = ModelTokenizer.find(loaded, tokenizerFile).orElse(null);
      int[] ids = prompt.ids(config, model.path(), tokenizer, bos);
      EngineOptions options =
          model
              .engine(context(ids.length, config))
              .withMode(mode.mode())
              .withDrafting(sampling.speculate())
              .withBoundedReplay(replay.on())
              .withWarmUp(warmUp.on());
      try (Engine engine = new Engine(loaded, options);
          Session session = engine.newSession();
          Interruption interruption = Interruption.listen()) {
        GenerationOptions generation =
            new GenerationOptions(count, choice, stopIds(config, tokenizer), sampling.speculate());
        return run(engine, session, ids, generation, tokenizer, interruption);
      }
    }
  }

  private void checkFlags() {
    if (replay.on() && sampling.speculate()) {
      throw usage("--bounded-replay and --speculate exclude each other");
    }
    if (count < 0) {
      throw usage("-n must not be negative");
    }
    if (context != null && context < 1) {
      throw usage("--context must be positive");
    }
    if (logprobs != null) {
      if (!json) {
        throw usage("--logprobs needs --json");
      }
      if (logprobs < 0 || logprobs > MOST_LOGPROBS) {
        throw usage("--logprobs takes 0 to " + MOST_LOGPROBS);
      }
    }
  }

  private int context(int promptTokens, ModelConfig config) {
    int limit = context != null ? context : config.contextLength();
    if (promptTokens > limit) {
      throw usage(
          "the prompt of %d tokens is longer than the context of %d%s"
              .formatted(promptTokens, limit, context != null ? "; raise --context" : ""));
    }
    return context != null ? context : (int) Math.min((long) promptTokens + count, limit);
  }

  private Set<Integer> stopIds(ModelConfig config, @Nullable Tokenizer tokenizer) {
    Set<Integer> ids = new TreeSet<>();
    if (!ignoreEos) {
      ids.add(config.eosId());
      if (tokenizer != null) {
        tokenizer.eos().ifPresent(ids::add);
      }
    }
    return ids;
  }

  private int run(
      Engine engine,
      Session session,
      int[] ids,
      GenerationOptions options,
      @Nullable Tokenizer tokenizer,
      Interruption interruption) {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    long start = System.nanoTime();
    try (ProgressBar bar = progress.start(err, "reading the prompt", ids.length)) {
      int piece = replay.on() ? ids.length : engine.options().stepTokens();
      Prefill.run(session, ids, 0, piece, bar, interruption);
    }
    long prefill = System.nanoTime() - start;
    ArrayNode probabilities = JsonMapper.shared().createArrayNode();
    TokenSink sink = new TokenSink(out, json, tokenizer, options.stopIds());
    TokenListener listener =
        (id, logits) -> {
          sink.accept(id);
          if (logprobs != null) {
            TokenProbabilities.add(probabilities, id, logits, logprobs, tokenizer);
          }
          return !interruption.requested() && !out.checkError();
        };
    GenerationResult result = new Generator(engine, session, options).run(listener);
    sink.finish();
    Speeds speeds = new Speeds(ids.length, prefill, result);
    if (json) {
      out.println(json(ids, options, sink.text(), speeds, logprobs == null ? null : probabilities));
    }
    out.flush();
    if (!progress.quiet()) {
      err.println(speeds.line());
      err.flush();
    }
    return result.stop() == Stop.CANCELLED ? ExitCode.INTERRUPTED : ExitCode.OK;
  }

  private static String json(
      int[] ids,
      GenerationOptions options,
      @Nullable String text,
      Speeds speeds,
      @Nullable ArrayNode probabilities) {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    ArrayNode prompt = root.putArray("prompt_ids");
    for (int id : ids) {
      prompt.add(id);
    }
    ArrayNode generated = root.putArray("ids");
    speeds.result().tokens().forEach(generated::add);
    if (text != null) {
      root.put("text", text);
    }
    root.put("finish_reason", speeds.stop());
    root.put("seed", options.sampling().seed());
    if (probabilities != null) {
      root.set("logprobs", probabilities);
    }
    speeds.put(root.putObject("timings"));
    return root.toString();
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
