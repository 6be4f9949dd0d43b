package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.memory.MemoryWeights;
import io.hadal.engine.memory.ProjectMemory;
import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import io.hadal.model.packed.PackedChoice;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal complete}: what belongs at a place of a file. */
@Command(
    name = "complete",
    description = {
      "Completes a file at a line and column, with the text before and behind as context.",
      "Prints the text to insert. Lines and columns count from 1; without a column the end of the"
          + " line is meant."
    })
final class CompleteCommand implements Callable<Integer> {
  private static final Pattern PLACE = Pattern.compile("(.+?):([0-9]{1,9})(?::([0-9]{1,9}))?");
  private static final long MAX_FILE = 16 << 20;
  private static final int CONTEXT = 4096;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "FILE:LINE[:COL]", description = "The place of the cursor.")
  private String place = "";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description = "Checkpoint with fill-in tokens. Default: the model that comes with Hadal.")
  private @Nullable Path model;

  @Option(names = "-n", paramLabel = "N", description = "Most tokens to write. Default: 48.")
  private int count = 48;

  @Option(
      names = "--no-memory",
      description =
          "Ask the model alone. Otherwise what this file, its folder and its imports repeat counts"
              + " as well.")
  private boolean noMemory;

  @Mixin private FillInOption fillIn = new FillInOption();

  @Mixin private AdapterOption adapter = new AdapterOption();

  @Mixin private PackedOption packed = new PackedOption();

  @Mixin private WarmUpOption warmUp = new WarmUpOption();

  @Mixin private RunOptions run = new RunOptions();

  @Override
  public Integer call() throws IOException {
    if (count < 1) {
      throw new ParameterException(spec.commandLine(), "-n must be positive");
    }
    Matcher m = PLACE.matcher(place);
    if (!m.matches()) {
      throw new ParameterException(
          spec.commandLine(), "the place must be FILE:LINE or FILE:LINE:COL, not " + place);
    }
    Path file = Path.of(m.group(1));
    String text = read(file);
    int line = Integer.parseInt(m.group(2));
    int at = offset(text, line, m.group(3) == null ? null : Integer.valueOf(m.group(3)), file);
    Path checkpoint = model == null ? DemoFiles.trained(null) : model;
    try (Model loaded = Model.load(checkpoint, 0, adapter.open());
        Engine engine = engine(loaded);
        Interruption interruption = Interruption.listen()) {
      Tokenizer tokenizer =
          ModelTokenizer.find(loaded, null)
              .orElseThrow(() -> new FormatException(checkpoint.toString(), "has no tokenizer"));
      Completer.Answer answer =
          new Completer(engine, tokenizer, fillIn.suffixFirst(loaded))
              .complete(
                  text.substring(0, at),
                  text.substring(at),
                  count,
                  SamplingOptions.greedy(),
                  noMemory ? null : memory(tokenizer, file, text),
                  (id, logits) -> !interruption.requested());
      interruption.check();
      PrintWriter out = spec.commandLine().getOut();
      out.println(answer.text());
      out.flush();
    }
    return ExitCode.OK;
  }

  private Engine engine(Model loaded) {
    loaded.choosePacked(packed.or(PackedChoice.AUTO));
    return new Engine(loaded, options());
  }

  private EngineOptions options() {
    return run.engine(CONTEXT).withMode(NumericMode.FAST).withWarmUp(warmUp.on());
  }

  private static ProjectMemory memory(Tokenizer tokenizer, Path file, String text)
      throws IOException {
    ProjectMemory memory = new ProjectMemory(tokenizer, MemoryWeights.standard());
    for (String other : ProjectFiles.around(file, text)) {
      memory.learn(tokenizer.encode(other, false));
    }
    return memory;
  }

  private static String read(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    if (Files.size(file) > MAX_FILE) {
      throw new FormatException(file.toString(), "is larger than 16 MiB");
    }
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new FormatException(file.toString(), "is no UTF-8 text", e);
    }
  }

  private static int offset(String text, int line, @Nullable Integer column, Path file) {
    int start = 0;
    for (int i = 1; i < line; i++) {
      int end = text.indexOf('\n', start);
      if (end < 0) {
        throw new FormatException(file.toString(), "has " + i + " lines, not " + line);
      }
      start = end + 1;
    }
    if (line < 1) {
      throw new FormatException(file.toString(), "has no line 0; lines count from 1");
    }
    int end = text.indexOf('\n', start);
    end = end < 0 ? text.length() : end;
    if (end > start && text.charAt(end - 1) == '\r') {
      end--;
    }
    if (column == null) {
      return end;
    }
    if (column < 1 || column > end - start + 1) {
      throw new FormatException(
          file.toString(),
          "line " + line + " has columns 1.." + (end - start + 1) + ", not " + column);
    }
    int at = start + column - 1;
    return at < text.length() && Character.isLowSurrogate(text.charAt(at)) ? at - 1 : at;
  }
}
