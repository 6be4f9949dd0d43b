package io.hadal.cli;

import io.hadal.cli.terminal.TextInput;
import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** The one prompt of a generation, from wherever it comes. */
final class PromptSource {
  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      required = true,
      description = "The prompt; special tokens in it are recognised.")
  private @Nullable String prompt;

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      required = true,
      description = "A file that holds the prompt.")
  private @Nullable Path file;

  @Option(
      names = "--tokens",
      paramLabel = "FILE.json",
      required = true,
      description = "A JSON file with the prompt's token ids; needs no tokenizer.")
  private @Nullable Path tokens;

  @Parameters(
      paramLabel = "STDIN",
      arity = "1",
      description = "A single -: read the prompt from standard input.",
      converter = StdinMark.class)
  private @Nullable String stdin;

  /** Accepts nothing but the name of standard input. */
  static final class StdinMark implements picocli.CommandLine.ITypeConverter<String> {
    @Override
    public String convert(String value) {
      if (!value.equals(TextInput.STDIN)) {
        throw new TypeConversionException(
            "'" + value + "' is neither - nor an option; give text with --prompt or --file");
      }
      return value;
    }
  }

  /**
   * Token ids of the prompt, checked against the model.
   *
   * @param bos whether to begin text with that token; null to do what the tokenizer's files ask for
   */
  int[] ids(ModelConfig config, Path model, @Nullable Tokenizer tokenizer, @Nullable Boolean bos)
      throws IOException {
    if (tokens != null) {
      int[] ids = TokenIds.list(tokens);
      TokenIds.check(ids, config, tokens.toString());
      return ids;
    }
    if (tokenizer == null) {
      throw noTokenizer(model);
    }
    String text = prompt != null ? prompt : file != null ? TextInput.file(file) : TextInput.stdin();
    return encode(text, true, config, tokenizer, bos, "prompt");
  }

  static FormatException noTokenizer(Path model) {
    return new FormatException(
        model.toString(),
        "has no tokenizer, so text cannot be read; name one with --tokenizer FILE or give token"
            + " ids with --tokens FILE.json");
  }

  /**
   * Ids of a text, at least one.
   *
   * @param special whether special tokens in the text are recognised
   * @param bos whether to begin with that token; null to do what the tokenizer's files ask for
   * @param source name for messages
   */
  static int[] encode(
      String text,
      boolean special,
      ModelConfig config,
      Tokenizer tokenizer,
      @Nullable Boolean bos,
      String source) {
    int[] ids = tokenizer.encode(text, special);
    int first = tokenizer.bos().orElse(config.bosId());
    boolean begin = bos == null ? tokenizer.addBos() : bos;
    if ((begin || ids.length == 0) && (ids.length == 0 || ids[0] != first)) {
      int[] all = new int[ids.length + 1];
      all[0] = first;
      System.arraycopy(ids, 0, all, 1, ids.length);
      ids = all;
    }
    TokenIds.check(ids, config, source);
    return ids;
  }
}
