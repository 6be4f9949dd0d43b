package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptDialects;
import io.hadal.formats.prompt.SegmentTokenizer;
import io.hadal.train.Budget;
import io.hadal.train.Trainer.Measure;
import io.hadal.train.finetune.AdapterMerge;
import io.hadal.train.finetune.FineTune;
import io.hadal.train.finetune.FineTuneOptions;
import io.hadal.train.finetune.Format;
import io.hadal.train.finetune.Method;
import io.hadal.train.finetune.PromptTokens;
import io.hadal.train.finetune.Target;
import io.hadal.train.graph.DraftLosses;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code hadal finetune}: trains a model further on a user's own text. */
@Command(
    name = "finetune",
    description = {
      "Trains a model further on your own source code, or on examples in JSON lines.",
      "--method full changes all weights and writes a model; lora writes a small adapter that goes"
          + " with the model (--adapter); drafter adds guesses for --speculate to a model, whose"
          + " predictions stay. Files or lines that are held out are measured before and"
          + " after. Ctrl-C saves a checkpoint; --resume goes on from it."
    })
final class FinetuneCommand implements Callable<Integer> {
  private static final long SAVING_SECONDS = 120;
  private static final double FULL_RATE = 5e-4;
  private static final double NEW_RATE = 3e-3;
  private static final Set<String> WITH_RESUME =
      Set.of(
          "--resume",
          "--out",
          "--model",
          "--threads",
          "--epochs",
          "--tokens",
          "--minutes",
          "--merge",
          "--quiet");

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description =
          "Model of type hadal: a folder, or a GGUF file of any type of weights. Default: the model"
              + " that comes with Hadal.")
  private @Nullable Path model;

  @Option(
      names = "--data",
      paramLabel = "PATH",
      arity = "1..*",
      description =
          "Folders of source code, or .jsonl files with \"messages\" or with \"prefix\","
              + " \"suffix\" and \"middle\", or one folder of `hadal corpus encode`.")
  private List<Path> data = List.of();

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FOLDER",
      description = "Where the result goes.")
  private Path out = Path.of("");

  @Option(
      names = "--method",
      paramLabel = "METHOD",
      description = "${COMPLETION-CANDIDATES}. Default: lora.")
  private Method method = Method.LORA;

  @Option(names = "--rank", paramLabel = "R", description = "Rank of adapters. Default: 8.")
  private int rank = 8;

  @Option(
      names = "--alpha",
      paramLabel = "A",
      description = "Adapters count A / R times. Default: 16.")
  private double alpha = 16;

  @Option(
      names = "--targets",
      paramLabel = "NAME",
      split = ",",
      description =
          "What gets adapters: attention, experts, shared, engram, head. Default: attention,"
              + " experts, shared, engram.")
  private List<String> targets = List.of("attention", "experts", "shared", "engram");

  @Option(
      names = "--draft-block",
      paramLabel = "N",
      description = "With drafter: tokens that a new drafter proposes at once. Default: 4.")
  private int draftBlock = 4;

  /** Forms of data that can be named. */
  enum Form {
    CODE(Format.CODE),
    FIM(Format.FIM),
    CHAT(Format.CHAT);

    private final Format format;

    Form(Format format) {
      this.format = format;
    }
  }

  @Option(
      names = "--format",
      paramLabel = "FORM",
      description = "${COMPLETION-CANDIDATES}. Default: what the data is.")
  private @Nullable Form format;

  @Option(
      names = "--dialect",
      paramLabel = "NAME",
      description = "Prompt format of conversations. Default: that of the model's family.")
  private @Nullable String dialect;

  @Option(
      names = "--fim-rate",
      paramLabel = "SHARE",
      description = "Share of source files that are rearranged to be filled in. Default: 0.5.")
  private double fimRate = 0.5;

  @Option(
      names = "--eval-share",
      paramLabel = "SHARE",
      description = "Share of files or lines that is held out. Default: 0.1.")
  private double evalShare = 0.1;

  @ArgGroup private @Nullable Length length;

  /** How long. */
  static final class Length {
    @Option(
        names = "--epochs",
        paramLabel = "N",
        description = "How often to go over the data. Default: 2.")
    private @Nullable Double epochs;

    @Option(names = "--tokens", paramLabel = "N", description = "Training tokens in all.")
    private @Nullable Long tokens;

    @Option(
        names = "--minutes",
        paramLabel = "N",
        description = "Minutes of work in all; the result then depends on the machine.")
    private @Nullable Double minutes;
  }

  @Option(
      names = "--learning-rate",
      paramLabel = "RATE",
      description = "Highest learning rate. Default: 0.003, for full 0.0005.")
  private @Nullable Double learningRate;

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      description = "Tokens of a row. Default: 512.")
  private int context = 512;

  @Option(
      names = "--batch-tokens",
      paramLabel = "N",
      description = "Tokens of an optimiser step. Default: 2048.")
  private int batchTokens = 2048;

  @Option(names = "--seed", paramLabel = "N", description = "Default: 1.")
  private long seed = 1;

  @Option(names = "--threads", paramLabel = "N", description = "Threads (default: all processors).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--resume", description = "Go on with the run in the folder.")
  private boolean resume;

  @Option(
      names = "--merge",
      description = "With lora: write the merged model to FOLDER/merged as well.")
  private boolean merge;

  @Override
  public Integer call() throws IOException {
    if (threads < 1 || threads > 1024) {
      throw usage("--threads must be 1..1024");
    }
    try (FineTune tuning = open()) {
      Reporter reporter = new Reporter(tuning);
      boolean done;
      try (Interruption interruption = Interruption.listen(SAVING_SECONDS)) {
        done = tuning.run(budget(tuning), interruption::requested, reporter);
      }
      if (!done) {
        return ExitCode.INTERRUPTED;
      }
      if (merge && tuning.lora()) {
        AdapterMerge.write(tuning.model(), out, out.resolve("merged"));
      }
    }
    return ExitCode.OK;
  }

  private FineTune open() throws IOException {
    try {
      if (resume) {
        refuseSettings();
        return FineTune.resume(out, model, threads);
      }
      if (data.isEmpty()) {
        throw usage("--data is missing");
      }
      if (merge && method != Method.LORA) {
        throw usage("--merge is for --method lora; the others write a model as it is");
      }
      Path base = model == null ? DemoFiles.trained(null) : model;
      return FineTune.start(
          options(), base, data, format == null ? null : format.format, out, prompts(), threads);
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  /** A run keeps its settings. */
  private void refuseSettings() {
    ParseResult parsed = spec.commandLine().getParseResult();
    parsed.matchedOptions().stream()
        .map(o -> o.longestName())
        .filter(name -> !WITH_RESUME.contains(name))
        .findFirst()
        .ifPresent(
            name -> {
              throw usage("--resume keeps data and settings of the run; leave out " + name);
            });
  }

  private FineTuneOptions options() {
    Set<Target> chosen = EnumSet.noneOf(Target.class);
    for (String label : targets) {
      Target target = Target.labelled(label.strip());
      if (target == null) {
        throw usage("--targets: there is no " + label + "; known: " + Target.labels());
      }
      chosen.add(target);
    }
    double usual = method == Method.FULL ? FULL_RATE : NEW_RATE;
    return new FineTuneOptions(
        method,
        rank,
        alpha,
        chosen,
        draftBlock,
        fimRate,
        evalShare,
        context,
        batchTokens,
        learningRate != null ? learningRate : usual,
        seed);
  }

  private PromptTokens prompts() {
    // The format that chat takes for models of type hadal.
    PromptDialect named = dialect == null ? PromptDialect.V4 : PromptDialects.named(dialect);
    if (named == null) {
      throw usage("--dialect " + dialect + " is unknown; known: " + PromptDialects.names());
    }
    return new PromptTokens(named, tokenizer -> new SegmentTokenizer(tokenizer)::encode);
  }

  private Budget budget(FineTune tuning) {
    if (length != null && length.minutes != null) {
      if (!(length.minutes > 0 && length.minutes < 1e7)) {
        throw usage("--minutes must be above 0");
      }
      return new Budget.Minutes(length.minutes);
    }
    if (length != null && length.tokens != null) {
      if (length.tokens < 1) {
        throw usage("--tokens must be above 0");
      }
      return new Budget.Tokens(length.tokens);
    }
    double epochs = length == null || length.epochs == null ? 2 : length.epochs;
    if (!(epochs > 0 && epochs < 1e6)) {
      throw usage("--epochs must be above 0");
    }
    return new Budget.Tokens(Math.max(1, (long) Math.ceil(epochs * tuning.tokens())));
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Progress on stderr, the result on stdout. */
  private final class Reporter extends StepPrinter implements FineTune.Listener {
    Reporter(FineTune tuning) {
      super(spec.commandLine().getErr(), progress.quiet());
      JsonNode summary = tuning.summary();
      if (summary.has("units")) {
        print(
            String.format(
                Locale.ROOT,
                "%s: %d files or examples, %d of them held out; %d + %d tokens",
                summary.path("format").asString(""),
                summary.path("units").asInt(),
                summary.path("held_out_units").asInt(),
                summary.path("tokens").asLong(),
                summary.path("held_out_tokens").asLong()));
        summary
            .path("left_out")
            .properties()
            .forEach(e -> print("left out: " + e.getValue() + ", " + e.getKey()));
      }
      print(
          String.format(
              Locale.ROOT,
              "%s at step %d, %.2f M of %.2f M parameters are trained",
              resume ? "resuming" : "starting",
              tuning.trainer().step(),
              tuning.trainer().trained().count() / 1e6,
              tuning.trainer().parameters().count() / 1e6));
    }

    @Override
    public void before(Map<String, Measure> measures) {
      measures.forEach(
          (name, m) ->
              print(
                  String.format(
                      Locale.ROOT,
                      "%s bits/byte  before %.3f  (loss %.3f)",
                      name,
                      m.bitsPerByte(),
                      m.loss())));
    }

    @Override
    public void drafted(Map<String, DraftLosses> drafts) {
      PrintWriter result = spec.commandLine().getOut();
      drafts.forEach(
          (name, d) ->
              result.println(
                  String.format(
                      Locale.ROOT,
                      "%s drafts  %.1f %% as the model would go on  (loss %.3f)",
                      name,
                      100 * d.agreement(),
                      d.loss())));
      result.flush();
    }

    @Override
    public void after(Map<String, Measure> before, Map<String, Measure> after) {
      PrintWriter result = spec.commandLine().getOut();
      after.forEach(
          (name, m) -> {
            Measure b = before.getOrDefault(name, m);
            result.println(
                String.format(
                    Locale.ROOT,
                    "%s bits/byte  before %.3f  after %.3f",
                    name,
                    b.bitsPerByte(),
                    m.bitsPerByte()));
            result.println(
                String.format(
                    Locale.ROOT,
                    "%s loss       before %.3f  after %.3f",
                    name,
                    b.loss(),
                    m.loss()));
          });
      result.flush();
    }
  }
}
