package io.hadal.engine.constraint;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Values of the keyword {@code format} as regular expressions, on the safe side. */
final class TextFormats {
  private static final String DATE =
      "(?:19|20)[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
          + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))";
  private static final String TIME =
      "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?"
          + "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
  private static final String LABEL = "[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?";
  private static final String HOST = LABEL + "(?:\\." + LABEL + "){0,6}";
  private static final String BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  private static final String IPV4 = BYTE + "(?:\\." + BYTE + "){3}";
  private static final String H = "[0-9a-f]{1,4}";
  private static final String PATH = "(?:/[A-Za-z0-9._~-]{0,64}){0,16}";

  private static final Map<String, String> PATTERNS =
      Map.ofEntries(
          Map.entry("date", DATE),
          Map.entry("time", TIME),
          Map.entry("date-time", DATE + "T" + TIME),
          Map.entry(
              "duration",
              "P(?:[0-9]{1,4}W|(?:[0-9]{1,4}Y(?:[0-9]{1,4}M(?:[0-9]{1,4}D)?)?"
                  + "|[0-9]{1,4}M(?:[0-9]{1,4}D)?|[0-9]{1,4}D)"
                  + "(?:T(?:[0-9]{1,4}H(?:[0-9]{1,4}M(?:[0-9]{1,4}S)?)?"
                  + "|[0-9]{1,4}M(?:[0-9]{1,4}S)?|[0-9]{1,4}S))?)"),
          Map.entry(
              "email",
              "[A-Za-z0-9_+-]{1,30}(?:\\.[A-Za-z0-9_+-]{1,16}){0,1}@"
                  + LABEL
                  + "(?:\\."
                  + LABEL
                  + "){0,3}\\.[a-z]{2,6}"),
          Map.entry("hostname", HOST),
          Map.entry("ipv4", IPV4),
          Map.entry(
              "ipv6",
              "(?:"
                  + H
                  + ":){7}"
                  + H
                  + "|::(?:"
                  + H
                  + "(?::"
                  + H
                  + "){0,5})?|"
                  + H
                  + "::(?:"
                  + H
                  + "(?::"
                  + H
                  + "){0,4})?|"
                  + H
                  + ":"
                  + H
                  + "::(?:"
                  + H
                  + "(?::"
                  + H
                  + "){0,3})?"),
          Map.entry(
              "uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
          Map.entry(
              "uri",
              "https?://"
                  + HOST
                  + "(?::[1-9][0-9]{1,3})?"
                  + PATH
                  + "(?:\\?[A-Za-z0-9._~=&-]{0,64})?(?:#[A-Za-z0-9._~-]{0,64})?"));

  /** Formats of numbers and of texts that say how they look to people. */
  private static final Set<String> SILENT =
      Set.of(
          "int8",
          "int16",
          "int32",
          "int64",
          "uint8",
          "uint16",
          "uint32",
          "uint64",
          "float",
          "double",
          "decimal",
          "password",
          "binary",
          "byte",
          "text",
          "textarea",
          "markdown",
          "color",
          "html");

  private TextFormats() {}

  /** The whole of a text of this format; null when it is not known. */
  static @Nullable String pattern(String format) {
    return PATTERNS.get(format);
  }

  /** True for formats that restrict nothing here. */
  static boolean isSilent(String format) {
    return SILENT.contains(format);
  }
}
