package io.hadal.train.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.Language;
import java.util.List;
import org.junit.jupiter.api.Test;

class JavaSourcesTest {
  private static final String A =
      "package p;\npublic class A {\n  int f(q.B b) { return b.g() + 1; }\n  A() {}\n}\n";

  private final JavaSources sources =
      new JavaSources(
          List.of(
              file("p/A.java", A),
              file("q/B.java", "package q;\npublic class B { public int g() { return 1; } }"),
              file("q/Broken.java", "package q;\nclass Broken { int x = missing; }")));

  private static Document file(String path, String text) {
    return new Document(path, "p", "g:a:1", "MIT", Language.JAVA, text);
  }

  @Test
  void classesOfTheProjectAreFound() {
    assertThat(sources.errors("p/A.java", A)).isZero();
    assertThat(sources.errors("p/A.java", A.replace("b.g()", "b.h()"))).isEqualTo(1);
    assertThat(sources.errors("p/A.java", A.replace("q.B", "r.B"))).isPositive();
    assertThat(sources.errors("q/Broken.java", "package q;\nclass Broken { int x = 1; }")).isZero();
  }

  @Test
  void theTextsOwnErrorsCount() {
    assertThat(sources.errors("p/A.java", A.replace("+ 1;", "+ ;"))).isPositive();
    assertThat(sources.errors("p/A.java", "class {")).isPositive();
    // Another file's errors are not its own.
    assertThat(sources.errors("q/C.java", "package q;\nclass C { Broken b; int y = b.x; }"))
        .isZero();
  }

  @Test
  void bodiesOfMethods() {
    List<JavaSources.Body> bodies = sources.methods("p/A.java", A);
    assertThat(bodies.stream().map(b -> A.substring(b.start(), b.end())))
        .containsExactly(" return b.g() + 1; ", "");
    assertThat(sources.methods("p/A.java", "class A { void f( }")).isEmpty();
  }
}
