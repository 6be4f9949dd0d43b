package io.hadal.platform.redaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.tenancy.ProjectPolicy;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Texts in pieces, and rules of projects. */
class StreamRedactorTest {
  private static final String[] PARTS = {
    "Call 415-555-2671 now. ",
    "ada@example.org wrote \uD83D\uDE00 ",
    "4111 1111 1111 1111, ",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n",
    "Nothing to see here, move along please. ",
    "password=aK3xP9qL2mZ8vR5t ",
    "Born on 12 March 1984 in Paris. "
  };

  @Test
  void piecesOfAnyLengthGiveWhatTheWholeTextGives() {
    Random random = new Random(7);
    Redactor redactor = Redactor.standard();
    for (int round = 0; round < 40; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 60; i++) {
        text.append(PARTS[random.nextInt(PARTS.length)]);
      }
      String all = text.toString();
      StreamRedactor stream = redactor.stream(RedactionMode.MASK);
      StringBuilder out = new StringBuilder();
      int at = 0;
      while (at < all.length()) {
        int end = Math.min(all.length(), at + 1 + random.nextInt(200));
        out.append(stream.feed(all.substring(at, end)));
        at = end;
      }
      out.append(stream.end());
      Redaction whole = redactor.begin(RedactionMode.MASK);
      assertThat(out.toString()).isEqualTo(whole.apply(all));
      assertThat(stream.counts()).isEqualTo(whole.counts());
    }
  }

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text.replace('\'', '"'));
  }

  @Test
  void rulesOfPoliciesAddUp() {
    ProjectPolicy org =
        ProjectPolicy.OPEN.with(
            json("{'redaction_detectors':['CARD'],'redaction_words':{'NAME':['Heron']}}"));
    ProjectPolicy project =
        ProjectPolicy.DEFAULT.with(
            json(
                "{'redaction':'mask','redaction_answers':'mask','redaction_detectors':['EMAIL'],"
                    + "'redaction_patterns':{'TICKET':['ABC-\\\\d+']}}"));
    ProjectPolicy both = project.within(org);
    assertThat(both.redactionRules().redactor().kinds())
        .containsExactlyInAnyOrder("TICKET", "NAME", "CARD", "EMAIL");
    assertThat(both.redactionRules().answers()).isEqualTo(RedactionMode.MASK);
    assertThat(ProjectPolicy.DEFAULT.with(both.json())).isEqualTo(both);
    assertThat(ProjectPolicy.DEFAULT.within(org).redactionRules().redactor().kinds())
        .contains("NAME", "EMAIL", "SECRET");
    assertThat(both.redaction("off")).isEqualTo(RedactionMode.MASK);
    assertThat(both.redaction("block")).isEqualTo(RedactionMode.BLOCK);
    ProjectPolicy strict = ProjectPolicy.OPEN.with(json("{'redaction_answers':'block'}"));
    assertThatThrownBy(() -> project.requireWithin(strict))
        .hasMessageContaining("redaction_answers");
    for (String wrong :
        new String[] {
          "{'redaction_answers':'pseudonymise'}",
          "{'redaction_detectors':['SHOE_SIZE']}",
          "{'redaction_patterns':{'TICKET':['(?<=x)a']}}",
          "{'redaction_patterns':{'ticket':['a']}}",
          "{'redaction_words':{'NAME':'Heron'}}",
          "{'redaction_words':{'NAME':['']}}"
        }) {
      assertThatThrownBy(() -> ProjectPolicy.DEFAULT.with(json(wrong)))
          .as(wrong)
          .isInstanceOf(FormatException.class);
    }
  }
}
