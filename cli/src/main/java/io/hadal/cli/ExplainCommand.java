package io.hadal.cli;

import io.hadal.cli.explain.LayerFilter;
import io.hadal.cli.explain.PendingFile;
import io.hadal.cli.explain.TokenTrace;
import io.hadal.cli.explain.TraceCollector;
import io.hadal.cli.explain.TraceHeader;
import io.hadal.cli.explain.TraceJson;
import io.hadal.cli.explain.TracePage;
import io.hadal.cli.explain.TraceTable;
import io.hadal.cli.explain.TraceWriter;
import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.cli.terminal.TextInput;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Model;
import io.hadal.model.config.ModelConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal explain}: what a model does with each token of a text. */
@Command(
    name = "explain",
    description = {
      "Shows for each token of a text the experts that every layer chose, the Engram gates, and the"
          + " compressed entries that it attends to.",
      "Prints a table, with --json one JSON document; --html writes a page with a heat map."
    })
final class ExplainCommand implements Callable<Integer> {
  private static final int CHUNK = 128;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private ModeOption mode = ModeOption.exact();

  @Mixin private ProgressOption progress = new ProgressOption();

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Source source = new Source();

  static final class Source {
    @Option(
        names = "--text",
        paramLabel = "FILE",
        required = true,
        description = "The text, or - for standard input.")
    private @Nullable Path text;

    @Option(
        names = "--tokens",
        paramLabel = "FILE.json",
        required = true,
        description = "A JSON file with token ids instead; needs no tokenizer.")
    private @Nullable Path tokens;

    /** What the output calls the text. */
    String name() {
      Path path = text != null ? text : tokens;
      Path name = path == null ? null : path.getFileName();
      return name == null || name.toString().equals(TextInput.STDIN) ? "stdin" : name.toString();
    }
  }

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description = "Tokenizer to use instead of the model's.")
  private @Nullable Path tokenizerFile;

  @Option(
      names = "--bos",
      negatable = true,
      description = "Begin with the beginning-of-sequence token. Default: as the tokenizer asks.")
  private @Nullable Boolean bos;

  @Option(names = "--no-special", description = "Take special tokens in the text as ordinary text.")
  private boolean noSpecial;

  @Option(
      names = "--layers",
      paramLabel = "LIST",
      description = "Layers to show, such as 0,3-5. Default: all.")
  private @Nullable String layers;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Explain no more than the first N tokens. Default: 1024.")
  private int maxTokens = 1024;

  @Option(names = "--json", description = "Print one JSON document.")
  private boolean json;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      arity = "0..1",
      fallbackValue = "",
      description =
          "Write a page to this file instead of printing a table. Default: the text's name with"
              + " .explain.html, in the current folder.")
  private @Nullable String html;

  @Override
  public Integer call() throws IOException {
    if (maxTokens < 1) {
      throw usage("--max-tokens must be positive");
    }
    try (Model loaded = model.load()) {
      ModelConfig config = loaded.config();
      List<Integer> shownLayers = layers(config);
      Tokenizer tokenizer = ModelTokenizer.find(loaded, tokenizerFile).orElse(null);
      int[] all = ids(config, tokenizer);
      int[] ids = cut(all, config);
      TraceHeader header =
          new TraceHeader(
              source.name(),
              String.valueOf(model.path().toAbsolutePath().normalize().getFileName()),
              config,
              mode.mode().name().toLowerCase(Locale.ROOT),
              shownLayers,
              all.length,
              ids.length);
      TraceCollector collector = new TraceCollector(header);
      EngineOptions options = model.engine(ids.length).withMode(mode.mode()).withStepTokens(CHUNK);
      try (Engine engine = new Engine(loaded, options, collector);
          Session session = engine.newSession()) {
        explain(session, ids, header, collector, tokenizer);
      }
    }
    return ExitCode.OK;
  }

  private List<Integer> layers(ModelConfig config) {
    int count = config.layers().size();
    if (layers == null) {
      return IntStream.range(0, count).boxed().toList();
    }
    try {
      return LayerFilter.parse(layers, count);
    } catch (IllegalArgumentException e) {
      throw usage("--layers: " + e.getMessage());
    }
  }

  private int[] ids(ModelConfig config, @Nullable Tokenizer tokenizer) throws IOException {
    int[] ids;
    Path text = source.text;
    if (source.tokens != null) {
      ids = TokenIds.list(source.tokens);
      TokenIds.check(ids, config, source.tokens.toString());
    } else if (tokenizer == null || text == null) {
      throw PromptSource.noTokenizer(model.path());
    } else {
      boolean stdin = text.toString().equals(TextInput.STDIN);
      String content = stdin ? TextInput.stdin() : TextInput.file(text);
      ids = PromptSource.encode(content, !noSpecial, config, tokenizer, bos, source.name());
    }
    return ids;
  }

  private int[] cut(int[] ids, ModelConfig config) {
    int limit = Math.min(maxTokens, config.contextLength());
    if (ids.length <= limit) {
      return ids;
    }
    Hadal.complain(
        spec.commandLine().getErr(),
        "%s has %d tokens; only the first %d are explained (%s)"
            .formatted(
                source.name(),
                ids.length,
                limit,
                limit == maxTokens ? "--max-tokens" : "the model's context"));
    return Arrays.copyOf(ids, limit);
  }

  private void explain(
      Session session,
      int[] ids,
      TraceHeader header,
      TraceCollector collector,
      @Nullable Tokenizer tokenizer)
      throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Path page = page();
    try (PendingFile file = page == null ? null : new PendingFile(page)) {
      List<TraceWriter> writers = new ArrayList<>();
      if (json) {
        writers.add(new TraceJson(out, header));
      } else if (file == null) {
        writers.add(new TraceTable(out, header));
      }
      if (file != null) {
        writers.add(new TracePage(file.writer(), header));
      }
      run(session, ids, collector, tokenizer, writers);
      for (TraceWriter writer : writers) {
        writer.end();
      }
      if (file != null) {
        file.finish();
        // Standard output belongs to the JSON document.
        PrintWriter say = json ? spec.commandLine().getErr() : out;
        say.println("wrote " + page);
        say.flush();
      }
    }
  }

  private @Nullable Path page() {
    if (html == null) {
      return null;
    }
    try {
      return Path.of(html.isEmpty() ? source.name() + ".explain.html" : html);
    } catch (java.nio.file.InvalidPathException e) {
      throw usage("--html: " + e.getMessage());
    }
  }

  private void run(
      Session session,
      int[] ids,
      TraceCollector collector,
      @Nullable Tokenizer tokenizer,
      List<TraceWriter> writers)
      throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Interruption interruption = Interruption.listen();
        ProgressBar bar =
            progress.start(
                spec.commandLine().getErr(), "explaining " + source.name(), ids.length)) {
      for (int from = 0; from < ids.length; from += CHUNK) {
        interruption.check();
        if (html == null && out.checkError()) {
          // The reader has seen enough.
          return;
        }
        int[] chunk = Arrays.copyOfRange(ids, from, Math.min(ids.length, from + CHUNK));
        session.append(chunk);
        bar.clear();
        for (TokenTrace token : collector.take(chunk, from, tokenizer)) {
          for (TraceWriter writer : writers) {
            writer.token(token);
          }
        }
        out.flush();
        bar.advance(chunk.length);
      }
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
