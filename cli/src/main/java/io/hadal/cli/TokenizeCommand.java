package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.TextInput;
import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.json.JsonMapper;

/** {@code hadal tokenize}: text to token ids and back. */
@Command(
    name = "tokenize",
    description = {
      "Turns text into token ids, or ids into text with --decode.",
      "Without --text or --file, the name of an existing file means its content, - standard input,"
          + " anything else is the text itself. Text is UTF-8."
    })
final class TokenizeCommand implements Callable<Integer> {
  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonMapper.shared()
                  .tokenStreamFactory()
                  .rebuild()
                  .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
                  .build())
          .build();

  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Source source = new Source();

  static final class Source {
    @Option(
        names = {"-m", "--model"},
        paramLabel = "PATH",
        description = "Checkpoint whose tokenizer is used.")
    private @Nullable Path model;

    @Option(
        names = "--tokenizer",
        paramLabel = "FILE",
        description = "A tokenizer.json, a folder that holds one, or a GGUF file.")
    private @Nullable Path tokenizer;
  }

  @ArgGroup(exclusive = true)
  private @Nullable Forced forced;

  static final class Forced {
    @Option(names = "--text", description = "The argument is text, even if such a file exists.")
    private boolean text;

    @Option(names = "--file", description = "The argument is a file.")
    private boolean file;
  }

  @Option(names = "--json", description = "Print {\"ids\": […], \"tokens\": […]}.")
  private boolean json;

  @Option(
      names = "--decode",
      description = "Ids to text: numbers, a JSON array, or an object with ids.")
  private boolean decode;

  @Option(names = "--bos", description = "Put the beginning-of-sequence token first.")
  private boolean bos;

  @Option(
      names = "--no-special",
      description =
          "Take special tokens in the text as ordinary text; with --decode, leave them out.")
  private boolean noSpecial;

  @Parameters(
      arity = "1..*",
      paramLabel = "TEXT|FILE|-",
      description = "What to tokenize; with --decode, the ids or where they are.")
  private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    if (decode && (bos || json)) {
      throw usage("--decode prints text: --bos and --json do not go with it");
    }
    if (!decode && arguments.size() > 1) {
      throw usage("more than one text given; put the text in quotes");
    }
    Tokenizer tokenizer = tokenizer();
    PrintWriter out = spec.commandLine().getOut();
    if (decode) {
      decode(tokenizer, out);
    } else {
      encode(tokenizer, out);
    }
    out.flush();
    return ExitCode.OK;
  }

  private Tokenizer tokenizer() throws IOException {
    if (source.tokenizer != null) {
      return ModelTokenizer.read(source.tokenizer);
    }
    Path model = source.model == null ? Path.of("") : source.model;
    return ModelTokenizer.find(model)
        .orElseThrow(
            () ->
                new FormatException(
                    model.toString(), "has no tokenizer; name one with --tokenizer FILE"));
  }

  private void encode(Tokenizer tokenizer, PrintWriter out) throws IOException {
    int[] ids = tokenizer.encode(content(arguments.getFirst()), !noSpecial);
    if (bos) {
      int first =
          tokenizer
              .bos()
              .orElseThrow(
                  () -> usage("this tokenizer has no beginning-of-sequence token; omit --bos"));
      int[] all = new int[ids.length + 1];
      all[0] = first;
      System.arraycopy(ids, 0, all, 1, ids.length);
      ids = all;
    }
    if (json) {
      writeJson(tokenizer, ids, out);
    } else {
      for (int i = 0; i < ids.length; i++) {
        if (i > 0) {
          out.print(' ');
        }
        out.print(ids[i]);
      }
    }
    out.println();
  }

  /** Written as a stream: a large text has millions of tokens. */
  private static void writeJson(Tokenizer tokenizer, int[] ids, PrintWriter out) {
    try (JsonGenerator g = MAPPER.createGenerator(out)) {
      g.writeStartObject();
      g.writeName("ids");
      g.writeArray(ids, 0, ids.length);
      g.writeArrayPropertyStart("tokens");
      for (int id : ids) {
        g.writeString(tokenizer.token(id));
      }
      g.writeEndArray();
      g.writeEndObject();
    }
  }

  /** Prints the text alone: a line break at its end would not be the text any more. */
  private void decode(Tokenizer tokenizer, PrintWriter out) throws IOException {
    boolean single = arguments.size() == 1;
    String text = single ? content(arguments.getFirst()) : String.join(" ", arguments);
    int[] ids = TokenIds.parse(text, "token ids");
    out.print(tokenizer.decode(ids, noSpecial));
  }

  private String content(String argument) throws IOException {
    if (forced != null && forced.text) {
      return argument;
    }
    if (argument.equals(TextInput.STDIN)) {
      return TextInput.stdin();
    }
    Path file = forced != null && forced.file ? Path.of(argument) : TextInput.existing(argument);
    return file == null ? argument : TextInput.file(file);
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
