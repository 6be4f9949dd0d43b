package io.hadal.model.engram;

import java.util.Locale;

/**
 * What opens comments and strings.
 *
 * @param hashComments {@code #} to the end of the line
 * @param slashComments {@code //} to the end of the line and {@code /* … *}{@code /}
 * @param tripleQuotes strings between three equal quotes, over lines
 * @param backticks strings between backticks, over lines
 */
public record Lexis(
    boolean hashComments, boolean slashComments, boolean tripleQuotes, boolean backticks) {
  /** For an unknown language: everything. */
  public static final Lexis UNION = new Lexis(true, true, true, true);

  /** The rules of a language by file name extension, without the dot. */
  public static Lexis ofExtension(String extension) {
    return switch (extension.toLowerCase(Locale.ROOT)) {
      case "c", "h", "cc", "cpp", "hpp", "cs", "rs", "m", "php" ->
          new Lexis(false, true, false, false);
      case "java", "kt", "kts", "scala", "swift", "dart", "groovy" ->
          new Lexis(false, true, true, false);
      case "js", "jsx", "ts", "tsx", "mjs", "go" -> new Lexis(false, true, false, true);
      case "py", "pyi", "jl" -> new Lexis(true, false, true, false);
      case "rb", "pl", "r", "yaml", "yml", "toml", "mk" -> new Lexis(true, false, false, false);
      case "sh", "bash", "zsh" -> new Lexis(true, false, false, true);
      default -> UNION;
    };
  }
}
