package io.hadal.platform.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StreamRestorerTest {
  private final Redaction redaction = Redactor.standard().begin(RedactionMode.PSEUDONYMISE);
  private final String prompt =
      redaction.apply("Write to ada@example.org and bob@example.org, call +49 30 1234567.");

  private static String all(StreamRestorer restorer, String... pieces) {
    StringBuilder out = new StringBuilder();
    for (String piece : pieces) {
      out.append(restorer.feed(piece));
    }
    return out.append(restorer.end()).toString();
  }

  @Test
  void promptHasPlaceholders() {
    assertThat(prompt).isEqualTo("Write to <EMAIL_1> and <EMAIL_2>, call <PHONE_1>.");
    assertThat(redaction.apply("again bob@example.org")).isEqualTo("again <EMAIL_2>");
    assertThat(redaction.toString()).isEqualTo("Redaction[3 values]");
  }

  @Test
  void splitAtEveryPlace() {
    String answer =
        "é😀 <b> I wrote to <EMAIL_1>, not <EMAIL_2>; <EMAIL_3> <EMAIL_ <<EMAIL_1>> a<b>c"
            + " <PHONE_1>";
    String expected =
        "é😀 <b> I wrote to ada@example.org, not bob@example.org; <EMAIL_3> <EMAIL_"
            + " <ada@example.org> a<b>c +49 30 1234567";
    for (int i = 0; i <= answer.length(); i++) {
      for (int k = i; k <= answer.length(); k++) {
        assertThat(
                all(
                    redaction.restorer(),
                    answer.substring(0, i),
                    answer.substring(i, k),
                    answer.substring(k)))
            .as(i + ", " + k)
            .isEqualTo(expected);
      }
    }
    StreamRestorer one = redaction.restorer();
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < answer.length(); i++) {
      out.append(one.feed(answer.substring(i, i + 1)));
    }
    assertThat(out.append(one.end())).hasToString(expected);
  }

  @Test
  void nothingIsHeldBackLongerThanNeeded() {
    StreamRestorer restorer = redaction.restorer();
    assertThat(restorer.feed("a < b")).isEqualTo("a < b");
    assertThat(restorer.feed("<EMA")).isEmpty();
    assertThat(restorer.feed("X")).isEqualTo("<EMAX");
    assertThat(restorer.feed("<EMAIL_1")).isEmpty();
    assertThat(restorer.feed(">.")).isEqualTo("ada@example.org.");
    assertThat(restorer.feed("<EMAIL_1")).isEmpty();
    assertThat(restorer.end()).isEqualTo("<EMAIL_1");
    assertThat(restorer.end()).isEmpty();
  }

  @Test
  void argumentsOfToolsStayJson() {
    Redaction own =
        new Redactor(List.of(new PatternDetector("NOTE", "#[^#]*#")))
            .begin(RedactionMode.PSEUDONYMISE);
    String value = "#say \"hi\"\\\n\t\u0001 to é#";
    assertThat(own.apply("x " + value + " y")).isEqualTo("x <NOTE_1> y");
    String arguments =
        "{\"a\":\"<NOTE_1>\",\"b\":\"\\u003cNOTE_1\\u003E \\\\u003cNOTE_1> \\\"<NOTE_1>\\\"\","
            + "\"c\":\"\\u003c b \\u0041 <NOTE_\\u0031>\"}";
    String escaped = "#say \\\"hi\\\"\\\\\\n\\t\\u0001 to é#";
    String expected =
        "{\"a\":\""
            + escaped
            + "\",\"b\":\""
            + escaped
            + " \\\\u003cNOTE_1> \\\""
            + escaped
            + "\\\"\",\"c\":\"\\u003c b \\u0041 <NOTE_\\u0031>\"}";
    for (int i = 0; i <= arguments.length(); i++) {
      for (int k = i; k <= arguments.length(); k++) {
        String restored =
            all(
                own.jsonRestorer(),
                arguments.substring(0, i),
                arguments.substring(i, k),
                arguments.substring(k));
        assertThat(restored).as(i + ", " + k).isEqualTo(expected);
      }
    }
    assertThat(Json.parse(expected.getBytes(StandardCharsets.UTF_8), "test").get("a").stringValue())
        .isEqualTo(value);
  }

  @Test
  void randomTextsComeOutAsTheyAre() {
    Random random = new Random(7);
    String alphabet = "<>_\\u003cEMAIL12 \"";
    for (int i = 0; i < 3000; i++) {
      StringBuilder text = new StringBuilder();
      for (int k = 0; k < 60; k++) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      String plain = text.toString();
      int cut = random.nextInt(60);
      String expected = plain.replace("<EMAIL_1>", "ada@example.org");
      assertThat(all(redaction.restorer(), plain.substring(0, cut), plain.substring(cut)))
          .isEqualTo(expected.replace("<EMAIL_2>", "bob@example.org"));
    }
  }

  @Test
  void withoutPlaceholdersTextPasses() {
    StreamRestorer restorer = Redactor.standard().begin(RedactionMode.MASK).restorer();
    assertThat(restorer.feed("a <EMAIL_1> \\")).isEqualTo("a <EMAIL_1> \\");
    assertThat(restorer.end()).isEmpty();
  }
}
