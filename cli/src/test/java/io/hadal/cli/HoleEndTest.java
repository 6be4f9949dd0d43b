package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HoleEndTest {
  @Test
  void theRestOfTheLineEndsTheCompletion() {
    assertThat(HoleEnd.cut("a, f(b)); more", ");\n")).isEqualTo("a, f(b)");
    assertThat(HoleEnd.cut("\");\" + a); more", ");\n")).isEqualTo("\");\" + a");
  }

  @Test
  void aHoleInsideALineEndsWithTheLine() {
    assertThat(HoleEnd.cut("null\n  return 1", " + x;\n")).isEqualTo("null");
  }

  @Test
  void theFollowingLineEndsTheCompletion() {
    String suffix = "\n    next();\n  }\n";
    assertThat(HoleEnd.cut("one();\n    two();\n    next();\n    x", suffix))
        .isEqualTo("one();\n    two();");
    // The closing bracket of an inner block has another indentation.
    assertThat(HoleEnd.cut("if (a) {\n    b();\n  }\n}\nc", "\n}\n"))
        .isEqualTo("if (a) {\n    b();\n  }");
  }

  @Test
  void aBodyMayHaveManyLines() {
    assertThat(HoleEnd.cut("\n  if (a) {\n    b();\n  }\n}\n\nvoid c", "}\n"))
        .isEqualTo("\n  if (a) {\n    b();\n  }\n");
  }

  @Test
  void theBraceThatClosesTheHoleEndsIt() {
    assertThat(HoleEnd.cut("\n  return f) + 1);\n}\n\nint g() {\n", "}\n"))
        .isEqualTo("\n  return f) + 1);\n");
  }

  @Test
  void otherTextStays() {
    assertThat(HoleEnd.cut("a\nb", "")).isEqualTo("a\nb");
    assertThat(HoleEnd.cut("", "x\ny")).isEmpty();
  }
}
