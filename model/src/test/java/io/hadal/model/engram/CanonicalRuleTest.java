package io.hadal.model.engram;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CanonicalRuleTest {

  @ParameterizedTest
  @CsvSource(
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "Foo,Foo,Foo",
        "' Foo',Foo,Foo",
        "'  Foo',' Foo',Foo",
        "'e\u0301','\u00e9','\u00e9'",
        "' ',' ',' '",
        "'    ','    ','    '",
        "'\t','\t','\t'",
        "'\n','\n','\n'",
        "'\n    ','\n    ','\n'",
        "'\n\n\n','\n\n\n','\n\n'",
        "' ):\n','):\n','):\n'",
        "' {',{,{",
        "'{ ','{ ',{",
        "12,12,<num>",
        "' 7',7,<num>",
        "1a,1a,1a",
        "\uff46,\uff46,\uff46"
      })
  void keys(String text, String caseKept, String structureKept) {
    assertThat(CanonicalKey.keepCase(text)).isEqualTo(caseKept);
    String key = CanonicalKey.keepStructure(text);
    assertThat(key.replace("\ue000", "")).isEqualTo(structureKept);
  }

  @Test
  void rulesDifferInSize() {
    int released = CanonicalMap.of(Goldens.tinyTokenizer(), 512, "tiny").size();
    int caseKept =
        CanonicalMap.of(Goldens.tinyTokenizer(), 512, CanonicalRule.CASE_KEPT, "tiny").size();
    int structure =
        CanonicalMap.of(Goldens.tinyTokenizer(), 512, CanonicalRule.STRUCTURE_KEPT, "tiny").size();
    assertThat(caseKept).isGreaterThan(structure).isGreaterThan(released);
  }
}
