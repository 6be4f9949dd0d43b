package io.hadal.cli;

import io.hadal.model.Model;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Order of the parts of a fill-in prompt. */
final class FillInOption {
  private enum Order {
    PSM,
    SPM
  }

  @Option(
      names = "--fill-in",
      paramLabel = "ORDER",
      description =
          "Order of a fill-in prompt: psm (prefix, suffix, middle) or spm (suffix first). Default:"
              + " spm for models that Hadal trained, psm for others.")
  private @Nullable Order order;

  /** Whether the text behind the hole comes first; Hadal's corpus encoder teaches both orders. */
  boolean suffixFirst(Model model) {
    return order == null
        ? model.config().family().toLowerCase(Locale.ROOT).equals("hadal")
        : order == Order.SPM;
  }
}
