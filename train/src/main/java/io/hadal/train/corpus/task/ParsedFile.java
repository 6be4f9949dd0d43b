package io.hadal.train.corpus.task;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** A Java file with its syntax tree. Names and types are not resolved. */
final class ParsedFile {
  private static final List<String> OPTIONS =
      List.of("-proc:none", "-nowarn", "-Xlint:none", "-Xmaxerrs", "1000000");

  /** Operators of one statement: the compiler's visitors recurse, and stacks are finite. */
  private static final int MAX_OPERATORS = 400;

  private final String text;
  private final CompilationUnitTree unit;
  private final SourcePositions positions;

  private ParsedFile(String text, CompilationUnitTree unit, SourcePositions positions) {
    this.text = text;
    this.unit = unit;
    this.positions = positions;
  }

  /** A text in memory. */
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(int index, String text) {
      super(URI.create("memory:///" + index + "/Text.java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /**
   * Parses texts, many at a time: to start the compiler takes longer than to parse a file.
   *
   * @return files in the order of the texts, empty for those that are no correct Java files
   */
  static List<Optional<ParsedFile>> of(List<String> texts) {
    @Nullable JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler == null) {
      throw new IllegalStateException("this Java runtime has no compiler; use a JDK");
    }
    Map<URI, Source> sources = new LinkedHashMap<>();
    for (int i = 0; i < texts.size(); i++) {
      if (!tooDeep(texts.get(i))) {
        Source source = new Source(i, texts.get(i));
        sources.put(source.toUri(), source);
      }
    }
    Map<URI, ParsedFile> parsed = new HashMap<>();
    if (!sources.isEmpty()) {
      DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
      JavacTask task =
          (JavacTask) compiler.getTask(null, null, problems, OPTIONS, null, sources.values());
      try {
        SourcePositions positions = Trees.instance(task).getSourcePositions();
        for (CompilationUnitTree unit : task.parse()) {
          // The compiler wraps what it is given.
          @Nullable Source source = sources.get(unit.getSourceFile().toUri());
          if (source != null) {
            parsed.put(source.toUri(), new ParsedFile(source.text, unit, positions));
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      for (Diagnostic<? extends JavaFileObject> d : problems.getDiagnostics()) {
        @Nullable JavaFileObject where = d.getSource();
        if (d.getKind() == Diagnostic.Kind.ERROR && where != null) {
          parsed.remove(where.toUri());
        }
      }
    }
    List<Optional<ParsedFile>> files = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      files.add(Optional.ofNullable(parsed.get(new Source(i, "").toUri())));
    }
    return files;
  }

  private static boolean tooDeep(String text) {
    int operators = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ';' || c == '{' || c == '}') {
        operators = 0;
      } else if ((c == '+' || c == '(' || c == '|' || c == '?') && ++operators > MAX_OPERATORS) {
        return true;
      }
    }
    return false;
  }

  /** A file that is correct if the text of a member is. */
  static String around(String member) {
    return "class Text {\n" + member + "\n}\n";
  }

  String text() {
    return text;
  }

  CompilationUnitTree unit() {
    return unit;
  }

  /** First character of a tree, -1 when it has no text. */
  int start(Tree tree) {
    return (int) positions.getStartPosition(unit, tree);
  }

  /** Behind the last character of a tree, -1 when it has no text. */
  int end(Tree tree) {
    return (int) positions.getEndPosition(unit, tree);
  }

  /** Text of a tree, empty when it has none. */
  String source(Tree tree) {
    int start = start(tree);
    int end = end(tree);
    return start < 0 || end < start ? "" : text.substring(start, end);
  }

  /** Methods with a body that have between {@code least} and {@code most} characters. */
  List<MethodTree> methods(int least, int most) {
    List<MethodTree> methods = new ArrayList<>();
    new TreeScanner<Void, Void>() {
      @Override
      public @Nullable Void visitMethod(MethodTree method, Void unused) {
        int length = end(method) - start(method);
        // The constructor that the compiler adds has no text of its own.
        if (method.getBody() != null
            && start(method) >= 0
            && start(method.getBody()) > start(method)
            && text.charAt(start(method.getBody())) == '{'
            && length >= least
            && length <= most) {
          methods.add(method);
        }
        return super.visitMethod(method, unused);
      }
    }.scan(unit, null);
    return methods;
  }

  /** Where the documentation comment right before a member starts, -1 when there is none. */
  int docStart(Tree member) {
    int at = start(member);
    while (at > 0 && Character.isWhitespace(text.charAt(at - 1))) {
      at--;
    }
    if (at < 2 || text.charAt(at - 1) != '/' || text.charAt(at - 2) != '*') {
      return -1;
    }
    int open = text.lastIndexOf("/*", at - 3);
    return open >= 0 && text.startsWith("/**", open) ? open : -1;
  }

  /** A member after edits, without the blanks that all its lines begin with. */
  String member(Tree member, List<Edit> edits) {
    return outdented(start(member), Edit.apply(text, start(member), end(member), edits));
  }

  /** Text that stands at {@code at}, moved to the left by what stands before it in its line. */
  String outdented(int at, String piece) {
    int line = text.lastIndexOf('\n', at - 1) + 1;
    String indent = text.substring(line, at);
    return indent.isBlank() && !indent.isEmpty() ? piece.replace("\n" + indent, "\n") : piece;
  }
}
