package io.hadal.formats.tokenizer;

import io.hadal.formats.FormatException;
import java.util.List;
import java.util.stream.Collectors;

/** The known pre-tokenisers, by GGUF name and by their split expressions in tokenizer.json. */
final class PreTokenizers {
  private record Known(List<String> names, List<String> stages, PreTokenizer preTokenizer) {}

  private static final List<Known> KNOWN =
      List.of(
          new Known(
              List.of("deepseek-v3", "joyai-llm"),
              DeepSeekV3PreTokenizer.STAGES,
              new DeepSeekV3PreTokenizer()));

  private PreTokenizers() {}

  /** By the value of {@code tokenizer.ggml.pre}. */
  static PreTokenizer named(String name, String source) {
    for (Known known : KNOWN) {
      if (known.names.contains(name)) {
        return known.preTokenizer;
      }
    }
    String supported =
        KNOWN.stream().flatMap(k -> k.names.stream()).collect(Collectors.joining(", "));
    throw new FormatException(
        source,
        "tokenizer.ggml.pre = "
            + Quote.of(name)
            + " is not supported; supported are: "
            + supported
            + ". Use a checkpoint with one of these pre-tokenisers");
  }

  /** By the regular expressions of the successive isolated splits, CR and LF literal or escaped. */
  static PreTokenizer ofStages(List<String> stages, String source) {
    List<String> escaped =
        stages.stream().map(s -> s.replace("\r", "\\r").replace("\n", "\\n")).toList();
    for (Known known : KNOWN) {
      if (known.stages.equals(escaped)) {
        return known.preTokenizer;
      }
    }
    throw new FormatException(
        source,
        "pre_tokenizer splits by "
            + (stages.isEmpty()
                ? "nothing"
                : stages.stream().map(Quote::of).collect(Collectors.joining(", ")))
            + ", which is not supported; supported are the DeepSeek-V3 splits");
  }
}
