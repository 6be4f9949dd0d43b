package io.hadal.train.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ImportOrderTest {
  private static Document java(String path, String... imports) {
    StringBuilder text = new StringBuilder("package x;\n");
    for (String name : imports) {
      text.append("import ").append(name).append(";\n");
    }
    return new Document(path, "p", "g:a:1", "MIT", Language.JAVA, text.toString());
  }

  private static List<String> order(Document... documents) {
    return ImportOrder.sort(List.of(documents)).stream().map(Document::path).toList();
  }

  @Test
  void importedFilesComeFirst() {
    assertThat(
            order(
                java("a/A.java", "b.B", "java.util.List"),
                java("b/B.java", "static c.C.Inner.name"),
                java("c/C.java"),
                java("d/D.java", "c.*")))
        .containsExactly("c/C.java", "b/B.java", "a/A.java", "d/D.java");
  }

  @Test
  void cyclesAreCutAtTheFirstPath() {
    assertThat(order(java("a/A.java", "b.B"), java("b/B.java", "a.A")))
        .containsExactly("b/B.java", "a/A.java");
  }

  @Test
  void pythonModules() {
    Document main =
        new Document(
            "lib/app/main.py",
            "p",
            "g:a:1",
            "MIT",
            Language.PYTHON,
            "from app.util import f\nimport app.base\n");
    Document util =
        new Document("lib/app/util.py", "p", "g:a:1", "MIT", Language.PYTHON, "x = 1\n");
    Document base =
        new Document("lib/app/base/__init__.py", "p", "g:a:1", "MIT", Language.PYTHON, "y = 1\n");
    assertThat(order(main, util, base))
        .containsExactly("lib/app/base/__init__.py", "lib/app/util.py", "lib/app/main.py");
  }

  @Test
  void doesNotDependOnTheInputAndBearsLongChains() {
    List<Document> chain = new ArrayList<>();
    int n = 20_000;
    for (int i = 0; i < n; i++) {
      chain.add(java("q/C" + i + ".java", "q.C" + (i + 1)));
    }
    List<Document> expected = ImportOrder.sort(chain);
    assertThat(expected.getFirst().path()).isEqualTo("q/C" + (n - 1) + ".java");
    assertThat(expected).hasSize(n);
    Collections.shuffle(chain, new Random(1));
    assertThat(ImportOrder.sort(chain)).isEqualTo(expected);
  }
}
