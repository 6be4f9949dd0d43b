package io.hadal.formats.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

class PythonJsonTest {
  @ParameterizedTest
  @CsvSource({
    "1.0, 1.0",
    "1e0, 1.0",
    "0.00001, 1e-05",
    "1e-7, 1e-07",
    "1E16, 1e+16",
    "1e15, 1000000000000000.0",
    "-0.0, -0.0",
    "-0, 0",
    "1e22, 1e+22",
    "1e400, Infinity",
    "NaN, NaN",
    "12345678901234567890, 12345678901234567890",
    "0.1, 0.1",
    "123.456e100, 1.23456e+102",
    "5e-324, 5e-324",
    "true, true",
    "null, null",
  })
  void numbersReadLikePython(String json, String expected) {
    assertThat(PythonJson.render(read(json))).isEqualTo(expected);
  }

  @Test
  void floatsMatchCPython() {
    List<String> lines = PromptResources.text("python-floats.txt").lines().toList();
    assertThat(lines).hasSizeGreaterThan(1000);
    for (String line : lines) {
      int space = line.indexOf(' ');
      double value = Double.longBitsToDouble(Long.parseUnsignedLong(line.substring(0, space), 16));
      assertThat(PythonJson.repr(value)).isEqualTo(line.substring(space + 1));
    }
  }

  @Test
  void keepsOrderAndSeparators() {
    assertThat(PythonJson.render(read("{\"b\":[1,2,{\"c\":[]}],\"a\":{},\"é/\":\"ü/\"}")))
        .isEqualTo("{\"b\": [1, 2, {\"c\": []}], \"a\": {}, \"é/\": \"ü/\"}");
  }

  @Test
  void escapesOnlyWhatPythonEscapes() {
    assertThat(PythonJson.quote("\"\\/\n\r\t\b\f\u0000\u001f\u007f\u0085\u2028😀\ud800"))
        .isEqualTo("\"\\\"\\\\/\\n\\r\\t\\b\\f\\u0000\\u001f\u007f\u0085\u2028😀\ud800\"");
  }

  @Test
  void laterDuplicateWinsInThePlaceOfTheFirst() {
    assertThat(PythonJson.render(read("{\"a\":1,\"b\":2,\"a\":3}")))
        .isEqualTo("{\"a\": 3, \"b\": 2}");
  }

  @Test
  void refusesWhatIsNoJson() {
    for (String text :
        List.of("", " ", "{", "{} x", "[1,]", "'a'", "\"a\nb\"", "nul", "[".repeat(100_000))) {
      assertThat(PythonJson.parse(text)).as(text.substring(0, Math.min(9, text.length()))).isNull();
    }
  }

  @Test
  void refusesBottomlessValues() {
    ArrayNode value = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < 100_000; i++) {
      value = JsonNodeFactory.instance.arrayNode().add(value);
    }
    JsonNode deep = value;
    assertThatThrownBy(() -> PythonJson.render(deep)).isInstanceOf(FormatException.class);
  }

  private static JsonNode read(String json) {
    return Objects.requireNonNull(PythonJson.parse(json), json);
  }
}
