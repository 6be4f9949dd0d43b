package io.hadal.train.evaluation;

import com.sun.source.tree.BlockTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import io.hadal.train.corpus.Document;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * The Java files of one project in memory, for the JDK's compiler. Annotation processors never run
 * and nothing is written.
 */
final class JavaSources {
  private static final List<String> OPTIONS =
      List.of("-proc:none", "-implicit:none", "-nowarn", "-Xlint:none", "-Xmaxerrs", "1000");

  private final JavaCompiler compiler;
  private final Map<String, List<Source>> packages = new HashMap<>();
  private final Map<String, Source> byPath = new LinkedHashMap<>();

  /** Method bodies are offsets into the text: behind the opening brace, at the closing one. */
  record Body(int start, int end) {}

  private static final class Source extends SimpleJavaFileObject {
    private final String path;
    private final String text;

    Source(String path, String text) {
      super(URI.create("memory:///" + path.replace(" ", "%20")), Kind.SOURCE);
      this.path = path;
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }

    String className() {
      return path.substring(0, path.length() - ".java".length()).replace('/', '.');
    }

    String packageName() {
      int slash = path.lastIndexOf('/');
      return slash < 0 ? "" : path.substring(0, slash).replace('/', '.');
    }
  }

  /**
   * @throws IllegalStateException when this Java has no compiler
   */
  JavaSources(Collection<Document> files) {
    @Nullable JavaCompiler found = ToolProvider.getSystemJavaCompiler();
    if (found == null) {
      throw new IllegalStateException("this Java runtime has no compiler; use a JDK");
    }
    this.compiler = found;
    for (Document d : files) {
      if (d.path().endsWith(".java")) {
        Source source = new Source(d.path(), d.text());
        byPath.put(d.path(), source);
        packages.computeIfAbsent(source.packageName(), p -> new ArrayList<>()).add(source);
      }
    }
  }

  /** Bodies of the methods of a text, none when it does not parse. */
  List<Body> methods(String path, String text) {
    Source source = new Source(path, text);
    DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
    List<Body> bodies = new ArrayList<>();
    try (JavaFileManager files = files()) {
      JavacTask task = task(source, files, problems);
      for (CompilationUnitTree unit : task.parse()) {
        SourcePositions positions = Trees.instance(task).getSourcePositions();
        new TreePathScanner<Void, Void>() {
          @Override
          public @Nullable Void visitMethod(MethodTree method, Void unused) {
            @Nullable BlockTree body = method.getBody();
            if (body != null) {
              int start = (int) positions.getStartPosition(unit, body);
              int end = (int) positions.getEndPosition(unit, body);
              // The constructor that javac adds has no text of its own.
              if (start >= 0 && end > start + 1 && text.charAt(start) == '{') {
                bodies.add(new Body(start + 1, end - 1));
              }
            }
            return super.visitMethod(method, unused);
          }
        }.scan(unit, null);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return errors(problems, source) > 0 ? List.of() : bodies;
  }

  /** Errors that the compiler finds in a file when it has this text. */
  int errors(String path, String text) {
    Source source = new Source(path, text);
    DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
    try (JavaFileManager files = files()) {
      task(source, files, problems).analyze();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException | StackOverflowError e) {
      // javac itself fails on some broken programs.
      return 1;
    }
    return errors(problems, source);
  }

  private JavacTask task(
      Source source, JavaFileManager files, DiagnosticCollector<JavaFileObject> problems) {
    return (JavacTask) compiler.getTask(null, files, problems, OPTIONS, null, List.of(source));
  }

  private static int errors(DiagnosticCollector<JavaFileObject> problems, Source source) {
    int errors = 0;
    for (Diagnostic<? extends JavaFileObject> d : problems.getDiagnostics()) {
      @Nullable JavaFileObject where = d.getSource();
      if (d.getKind() == Diagnostic.Kind.ERROR
          && (where == null || where.toUri().equals(source.toUri()))) {
        errors++;
      }
    }
    return errors;
  }

  private JavaFileManager files() {
    return new ProjectFiles(
        compiler.getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8));
  }

  /** Finds the project's classes as sources, those of the platform as usual, and no others. */
  private final class ProjectFiles extends ForwardingJavaFileManager<JavaFileManager> {
    ProjectFiles(JavaFileManager platform) {
      super(platform);
    }

    @Override
    public Iterable<JavaFileObject> list(
        Location location, String packageName, Set<JavaFileObject.Kind> kinds, boolean recurse)
        throws IOException {
      if (location == StandardLocation.CLASS_PATH || location == StandardLocation.SOURCE_PATH) {
        return kinds.contains(JavaFileObject.Kind.SOURCE)
            ? List.copyOf(packages.getOrDefault(packageName, List.of()))
            : List.of();
      }
      return super.list(location, packageName, kinds, recurse);
    }

    @Override
    public @Nullable String inferBinaryName(Location location, JavaFileObject file) {
      return file instanceof Source s ? s.className() : super.inferBinaryName(location, file);
    }

    @Override
    public boolean hasLocation(Location location) {
      return location == StandardLocation.SOURCE_PATH
          || location == StandardLocation.CLASS_PATH
          || super.hasLocation(location);
    }

    @Override
    public @Nullable JavaFileObject getJavaFileForInput(
        Location location, String className, JavaFileObject.Kind kind) throws IOException {
      if (location == StandardLocation.SOURCE_PATH || location == StandardLocation.CLASS_PATH) {
        return byPath.get(className.replace('.', '/') + ".java");
      }
      return super.getJavaFileForInput(location, className, kind);
    }

    @Override
    public boolean isSameFile(javax.tools.FileObject a, javax.tools.FileObject b) {
      return a.toUri().equals(b.toUri());
    }
  }
}
