package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.GenerationOptions;
import io.hadal.engine.GenerationResult.Stop;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptDialects;
import io.hadal.formats.prompt.PromptEncoder;
import io.hadal.formats.prompt.ReasoningEffort;
import io.hadal.formats.prompt.RenderOptions;
import io.hadal.formats.prompt.ThinkingMode;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Model;
import io.hadal.model.config.ModelConfig;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal chat}: a conversation, one line a turn. */
@Command(
    name = "chat",
    description = {
      "Talks with a model; each line is a turn, also from a pipe.",
      "In the conversation: /undo takes the last turn back, /reset begins anew, /quit ends."
    })
final class ChatCommand implements Callable<Integer> {
  private static final int DEFAULT_CONTEXT = 16_384;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private ModeOption mode = ModeOption.fast();

  @Mixin private WarmUpOption warmUp = new WarmUpOption();

  @Mixin private SamplingFlags sampling = new SamplingFlags();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description = "Tokenizer to use instead of the model's.")
  private @Nullable Path tokenizerFile;

  @Option(names = "--system", paramLabel = "TEXT", description = "System text.")
  private @Nullable String system;

  @Option(names = "--thinking", description = "Let the model reason before it answers.")
  private boolean thinking;

  @Option(
      names = "--effort",
      paramLabel = "LEVEL",
      description = "With --thinking: how thoroughly, such as high or max.")
  private @Nullable String effort;

  @Option(
      names = "--dialect",
      paramLabel = "NAME",
      description =
          "Prompt format: deepseek-v4, deepseek-v4-0731 or deepseek-v4.1. Default: that of the"
              + " model's family.")
  private @Nullable String dialect;

  @Option(names = "-n", paramLabel = "N", description = "Most tokens of one answer. Default: 2048.")
  private int count = 2048;

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      description =
          "Longest conversation in tokens. Default: 16384, or less if the model has less.")
  private @Nullable Integer context;

  @Override
  public Integer call() throws IOException {
    if (count < 1 || (context != null && context < 1)) {
      throw usage("-n and --context must be positive");
    }
    if (effort != null && !thinking) {
      throw usage("--effort needs --thinking");
    }
    SamplingOptions choice = sampling.options();
    try (Model loaded = model.load()) {
      ModelConfig config = loaded.config();
      Tokenizer tokenizer =
          ModelTokenizer.find(loaded, tokenizerFile)
              .orElseThrow(
                  () ->
                      new FormatException(
                          model.path().toString(),
                          "has no tokenizer; name one with --tokenizer FILE"));
      if (tokenizer.vocabSize() > config.vocabSize()) {
        throw new FormatException(
            model.path().toString(),
            "has a vocabulary of %d, the tokenizer one of %d: they do not belong together"
                .formatted(config.vocabSize(), tokenizer.vocabSize()));
      }
      PromptDialect format = dialect(config);
      RenderOptions rendering = rendering(format);
      GenerationOptions generation =
          new GenerationOptions(count, choice, stopIds(config, tokenizer), sampling.speculate());
      int tokens = context != null ? context : Math.min(DEFAULT_CONTEXT, config.contextLength());
      EngineOptions options =
          model
              .engine(tokens)
              .withMode(mode.mode())
              .withDrafting(sampling.speculate())
              .withWarmUp(warmUp.on());
      try (Engine engine = new Engine(loaded, options);
          Session session = engine.newSession()) {
        List<Message> opening = system == null ? List.of() : List.of(Message.system(system));
        return talk(
            new Dialogue(engine, session, tokenizer, format, rendering, opening),
            tokens,
            generation);
      }
    }
  }

  private PromptDialect dialect(ModelConfig config) {
    if (dialect == null) {
      PromptDialect known = PromptDialects.ofFamily(config.family());
      if (known == null) {
        throw new FormatException(
            model.path().toString(),
            "has no known prompt format for "
                + config.family()
                + "; name one with --dialect: "
                + PromptDialects.names());
      }
      return known;
    }
    PromptDialect named = PromptDialects.named(dialect);
    if (named == null) {
      throw usage("--dialect " + dialect + " is unknown; known: " + PromptDialects.names());
    }
    return named;
  }

  /** Checks the effort at once, not at the first turn. */
  private RenderOptions rendering(PromptDialect format) {
    RenderOptions options = RenderOptions.of(thinking ? ThinkingMode.THINKING : ThinkingMode.CHAT);
    if (effort == null) {
      return options;
    }
    ReasoningEffort wanted =
        effort.matches("\\d{1,9}")
            ? ReasoningEffort.level(Integer.parseInt(effort))
            : ReasoningEffort.named(effort);
    RenderOptions graded = options.withEffort(wanted);
    try {
      new PromptEncoder(format).segments(List.of(Message.user("")), graded);
    } catch (FormatException e) {
      throw usage("--effort: " + e.getMessage());
    }
    return graded;
  }

  private static Set<Integer> stopIds(ModelConfig config, Tokenizer tokenizer) {
    Set<Integer> ids = new TreeSet<>();
    ids.add(config.eosId());
    tokenizer.eos().ifPresent(ids::add);
    return ids;
  }

  private int talk(Dialogue dialogue, int limit, GenerationOptions generation) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Console console = System.console();
    boolean terminal = console != null && console.isTerminal();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (true) {
      if (terminal) {
        out.print("> ");
        out.flush();
      }
      String line = in.readLine();
      if (line == null) {
        return ExitCode.OK;
      }
      switch (line.strip()) {
        case "" -> {}
        case "/quit", "/exit" -> {
          return ExitCode.OK;
        }
        case "/reset" -> {
          dialogue.reset();
          note("conversation reset");
        }
        case "/undo" -> note(dialogue.undo() ? "last turn taken back" : "nothing to take back");
        default -> {
          if (line.startsWith("/") && line.strip().matches("/\\w+")) {
            note("unknown command " + line.strip() + "; known: /undo /reset /quit");
          } else if (turn(dialogue, line, limit, generation, terminal) == Stop.CANCELLED) {
            return ExitCode.INTERRUPTED;
          }
        }
      }
    }
  }

  private Stop turn(
      Dialogue dialogue, String text, int limit, GenerationOptions generation, boolean terminal) {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Dialogue.Turn turn = dialogue.ask(text);
    if (turn.prompt().length >= limit) {
      dialogue.undo();
      note(
          "the conversation would be %d tokens, beyond the context of %d; /undo, /reset or a larger --context"
              .formatted(turn.prompt().length, limit));
      return Stop.CONTEXT;
    }
    AnswerPrinter printer = new AnswerPrinter(out, terminal);
    Speeds speeds;
    long work = Math.max(1, turn.prompt().length - turn.reused());
    try (Interruption interruption = Interruption.listen();
        ProgressBar bar = progress.start(err, "reading", work)) {
      speeds = dialogue.answer(turn, generation, bar, interruption, printer);
      printer.end();
      if (!progress.quiet()) {
        note(speeds.line() + "; reused " + turn.reused());
      }
    }
    return speeds.result().stop();
  }

  private void note(String text) {
    spec.commandLine().getErr().println(text);
    spec.commandLine().getErr().flush();
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
