package io.hadal.platform.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.JsonNodeFactory;

class JcsTest {
  private static String canonical(String json) {
    return Jcs.text(Json.parse(json.getBytes(StandardCharsets.UTF_8), "test"));
  }

  /** RFC 8785, appendix B. */
  @ParameterizedTest
  @CsvSource({
    "0000000000000000, 0",
    "8000000000000000, 0",
    "0000000000000001, 5e-324",
    "8000000000000001, -5e-324",
    "7fefffffffffffff, 1.7976931348623157e+308",
    "ffefffffffffffff, -1.7976931348623157e+308",
    "4340000000000000, 9007199254740992",
    "c340000000000000, -9007199254740992",
    "4430000000000000, 295147905179352830000",
    "44b52d02c7e14af5, 9.999999999999997e+22",
    "44b52d02c7e14af6, 1e+23",
    "44b52d02c7e14af7, 1.0000000000000001e+23",
    "444b1ae4d6e2ef4e, 999999999999999700000",
    "444b1ae4d6e2ef4f, 999999999999999900000",
    "444b1ae4d6e2ef50, 1e+21",
    "3eb0c6f7a0b5ed8c, 9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d, 0.000001",
    "41b3de4355555553, 333333333.3333332",
    "41b3de4355555554, 333333333.33333325",
    "41b3de4355555555, 333333333.3333333",
    "41b3de4355555556, 333333333.3333334",
    "41b3de4355555557, 333333333.33333343",
    "becbf647612f3696, -0.0000033333333333333333",
    "43143ff3c1cb0959, 1424953923781206.2"
  })
  void numbersOfTheRfc(String bits, String expected) {
    double value = Double.longBitsToDouble(Long.parseUnsignedLong(bits, 16));
    assertThat(Jcs.number(value)).isEqualTo(expected);
    assertThat(Jcs.text(JsonNodeFactory.instance.numberNode(value))).isEqualTo(expected);
  }

  /** RFC 8785, 3.2.2 to 3.2.4: the sample and its bytes. */
  @Test
  void sampleOfTheRfc() {
    String input =
        """
        {
          "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
          "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
          "literals": [null, true, false]
        }
        """;
    String expected =
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            + "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
    assertThat(canonical(input)).isEqualTo(expected);
    assertThat(
            HexFormat.of()
                .formatHex(Jcs.bytes(Json.parse(input.getBytes(StandardCharsets.UTF_8), "test"))))
        .startsWith("7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c")
        .endsWith("22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d");
  }

  /** RFC 8785, 3.2.3: the order of UTF-16 code units. */
  @Test
  void orderOfTheRfc() {
    assertThat(
            canonical(
                """
                {"\\u20ac": "Euro Sign", "\\r": "Carriage Return", "\\ufb33": "Hebrew Letter",
                 "1": "One", "\\ud83d\\ude00": "Emoji: Grinning Face", "\\u0080": "Control",
                 "\\u00f6": "Latin Small Letter O With Diaeresis"}
                """))
        .isEqualTo(
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\","
                + "\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\","
                + "\"😀\":\"Emoji: Grinning Face\",\"\uFB33\":\"Hebrew Letter\"}");
  }

  @Test
  void nestsAndSortsOnEveryLevel() {
    assertThat(canonical("[56, {\"d\": true, \"10\": null, \"1\": [ ]}, {}, \"\\b\\t\\f\\u001f\"]"))
        .isEqualTo("[56,{\"1\":[],\"10\":null,\"d\":true},{},\"\\b\\t\\f\\u001f\"]");
    assertThat(canonical("{\"\": {\"b\": {\"z\": 1, \"a\": 2}}}"))
        .isEqualTo("{\"\":{\"b\":{\"a\":2,\"z\":1}}}");
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void refusesWhatIsNoNumber(double value) {
    assertThatThrownBy(() -> Jcs.text(JsonNodeFactory.instance.numberNode(value)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\ud800", "a\udc00", "\ud800b", "\udc00\ud800"})
  void refusesHalfPairs(String text) {
    assertThatThrownBy(() -> Jcs.text(JsonNodeFactory.instance.stringNode(text)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void numbersComeBackAndNoShorterOneDoes() {
    Random random = new Random(8785);
    for (int i = 0; i < 20_000; i++) {
      double value = Double.longBitsToDouble(random.nextLong());
      if (!Double.isFinite(value) || value == 0) {
        continue;
      }
      String text = Jcs.number(value);
      assertThat(Double.parseDouble(text)).isEqualTo(value);
      String digits = text.replaceFirst("e.*", "").replaceAll("[-.]", "").replaceFirst("^0+", "");
      assertThat(digits.replaceFirst("0+$", "").length()).isLessThanOrEqualTo(17);
      assertThat(canonical(text)).isEqualTo(text);
    }
    for (long bits = 1; bits < 200; bits++) {
      assertThat(Double.parseDouble(Jcs.number(Double.longBitsToDouble(bits))))
          .isEqualTo(Double.longBitsToDouble(bits));
    }
  }
}
