package io.hadal.train.corpus.task;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.MethodTree;
import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.Language;
import io.hadal.train.corpus.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SyntheticTasksTest {
  private static final String COUNTER =
      """
      package p;

      import java.util.List;

      public class Counter {
        private static final long serialVersionUID = 1;
        private int total;
        private int shared;
        int open;

        /**
         * Adds what is at most the limit, from the first value to the last.
         *
         * @param values numbers that are added, perhaps null
         * @param limit most that counts
         * @return the sum
         */
        public int add(List<Integer> values, int limit) {
          if (values == null) {
            return 0;
          }
          int sum = 0;
          for (int i = 0; i < values.size(); i++) {
            int value = values.get(i);
            if (value <= limit && check(value, limit)) {
              sum += value - 1;
            }
          }
          this.total = total + sum;
          return sum;
        }

        private boolean check(int value, int most) {
          return value >= 0 && value - most < 0;
        }

        public boolean same(Counter other, String name) {
          int shared = other.shared;
          return other.shared == shared && name.equals(other.toString());
        }
      }
      """;

  private static Document document(String path, String text) {
    return new Document(path, "alpha", "g:a:1", "MIT", Language.JAVA, text);
  }

  private static ParsedFile parse(String text) {
    return ParsedFile.of(List.of(text)).getFirst().orElseThrow();
  }

  @Test
  void brokenFilesAreNone() {
    assertThat(ParsedFile.of(List.of("class A {", "class B {}", "x".repeat(9))))
        .extracting(f -> f.isPresent())
        .containsExactly(false, true, false);
    String deep = "class A { int a = " + "(".repeat(5000) + "1" + ")".repeat(5000) + "; }";
    assertThat(ParsedFile.of(List.of(deep)).getFirst()).isEmpty();
  }

  @Test
  void onlySafeNamesAreRenamedAndEverywhere() {
    ParsedFile file = parse(COUNTER);
    Map<String, Renaming.Candidate> found =
        Renaming.candidates(file).stream()
            .collect(Collectors.toMap(Renaming.Candidate::name, c -> c));
    // value and shared are declared twice, open is seen from outside, values is used once per name.
    assertThat(found.keySet())
        .containsExactlyInAnyOrder(
            "total", "values", "limit", "sum", "i", "check", "most", "name", "other");
    List<Edit> edits = new ArrayList<>();
    found.values().forEach(c -> edits.addAll(c.to(c.name() + "New")));
    String text = Edit.apply(COUNTER, 0, COUNTER.length(), edits);
    assertThat(text)
        .contains("this.totalNew = totalNew + sumNew;", "@param limitNew most", "checkNew(value,")
        .doesNotContain("serialVersionUIDNew", "sharedNew", "openNew");
    assertThat(text.replaceAll("New\\b", "")).isEqualTo(COUNTER);
  }

  @Test
  void bugsAreOfManyKindsAndTheirFixIsTheCodeAsItWas() {
    ParsedFile file = parse(COUNTER);
    List<Bug> bugs = new ArrayList<>();
    for (MethodTree method : file.methods(0, 10_000)) {
      bugs.addAll(BugScanner.of(file, method));
    }
    assertThat(bugs.stream().map(Bug::kind).distinct())
        .contains(
            BugScanner.OFF_BY_ONE,
            BugScanner.NULL_CHECK,
            BugScanner.WRONG_OPERATOR,
            BugScanner.SWAPPED_OPERANDS,
            BugScanner.SWAPPED_ARGUMENTS,
            BugScanner.IDENTITY,
            BugScanner.WRONG_DIRECTION);
    for (Bug bug : bugs) {
      String wrong = Edit.apply(COUNTER, 0, COUNTER.length(), bug.edits());
      assertThat(wrong).isNotEqualTo(COUNTER);
      assertThat(ParsedFile.of(List.of(wrong)).getFirst()).as(bug.toString()).isPresent();
    }
    assertThat(bugs)
        .anySatisfy(
            b ->
                assertThat(b.explanation())
                    .isEqualTo("Off by one: `i <= values.size()` should be `i < values.size()`."));
  }

  private static List<Weakness> found(String body) {
    ParsedFile file =
        parse(ParsedFile.around("void token(String in) throws Exception {" + body + "}"));
    return WeaknessScanner.of(file, file.methods(0, 10_000).getFirst()).stream()
        .map(Finding::weakness)
        .toList();
  }

  @Test
  void weaknessesOfRealCode() {
    assertThat(found("MessageDigest.getInstance(\"MD5\");")).containsExactly(Weakness.WEAK_HASH);
    assertThat(found("s.executeQuery(\"select a from b where c=\" + in);"))
        .containsExactly(Weakness.SQL_INJECTION);
    assertThat(found("Runtime.getRuntime().exec(\"ls \" + in);"))
        .containsExactly(Weakness.COMMAND_INJECTION);
    assertThat(found("Cipher.getInstance(\"AES/ECB/PKCS5Padding\"); new Random();"))
        .containsExactly(Weakness.WEAK_CIPHER, Weakness.PREDICTABLE);
    assertThat(found("DocumentBuilderFactory.newInstance(); String dbPassword = \"hunter2!\";"))
        .containsExactly(Weakness.EXTERNAL_ENTITY, Weakness.SECRET);
    assertThat(
            found(
                "MessageDigest.getInstance(\"SHA-256\"); s.executeQuery(\"select \" + COLUMNS);"
                    + "Cipher.getInstance(\"AES/GCM/NoPadding\"); String password = \"name\";"))
        .isEmpty();
  }

  @Test
  void safeCodeIsMadeUnsafeAndTheLineIsNamed() {
    String text =
        """
        class Store {
          void load(Connection c, String id) throws Exception {
            PreparedStatement s = c.prepareStatement("SELECT a FROM b WHERE id = ?");
            s.setString(1, id);
            s.executeQuery();
          }
        }
        """;
    List<Task> tasks = ofFile(text);
    assertThat(tasks.stream().filter(t -> t.kind().equals("security")))
        .singleElement()
        .satisfies(
            t -> {
              assertThat(t.prompt())
                  .contains("WHERE id = '\" + id + \"'\")")
                  .doesNotContain("setS");
              assertThat(t.answer()).contains("Line 2,", "CWE-89", "s.setString(1, id);");
            });
  }

  private static List<Task> ofFile(String text) {
    return new SyntheticTasks(1).ofFiles(List.of(document("p/A.java", text)), 0);
  }

  @Test
  void aFileGivesATaskOfEachKind() {
    List<Task> tasks = new ArrayList<>();
    SyntheticTasks source = new SyntheticTasks(7);
    List<Document> files =
        IntStream.range(0, 8).mapToObj(i -> document("p/C" + i + ".java", COUNTER)).toList();
    tasks.addAll(source.ofFiles(files, 0));
    assertThat(tasks.stream().map(Task::kind).distinct())
        .contains("rename", "renamed", "bug", "body", "security");
    assertThat(tasks.stream().map(Task::chat).distinct()).hasSize(2);
    assertThat(source.ofFiles(files, 0)).isEqualTo(tasks);
    assertThat(source.ofFiles(files, 1)).isNotEqualTo(tasks);
    // How many files come together does not matter.
    assertThat(files.stream().flatMap(f -> source.ofFiles(List.of(f), 0).stream()))
        .isEqualTo(tasks);
  }

  @Test
  void testsArePairedWithTheirClass() {
    String code = COUNTER.replace("Counter", "Foo");
    String test = COUNTER.replace("Counter", "FooTest");
    List<Document> files =
        List.of(
            document("p/Foo.java", code),
            document("p/FooTest.java", test),
            document("q/BarTest.java", test));
    assertThat(new SyntheticTasks(1).ofProject(files, 0))
        .singleElement()
        .satisfies(
            t -> {
              assertThat(t.kind()).isEqualTo("test");
              assertThat(t.prompt()).contains("p/Foo.java", "class FooTest");
              assertThat(t.answer()).contains("class Foo {");
            });
  }
}
