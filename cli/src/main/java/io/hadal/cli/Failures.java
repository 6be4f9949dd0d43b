package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.engine.UnusableLogitsException;
import io.hadal.formats.FormatException;
import io.hadal.model.MemoryPlanException;
import io.hadal.model.cache.KvBudgetException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns exceptions into one line on stderr and an exit code. */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
  private final boolean debug;

  Failures(boolean debug) {
    this.debug = debug;
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    Hadal.complain(err, oneLine(e.getMessage()));
    if (!UnmatchedArgumentException.printSuggestions(e, err)) {
      err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    }
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    if (e instanceof ParameterException usage) {
      return handleParseException(usage, new String[0]);
    }
    return report(e, command.getErr());
  }

  /** Prints what the user needs to know about {@code e} and returns the exit code. */
  int report(Throwable e, PrintWriter err) {
    if (debug) {
      e.printStackTrace(err);
    }
    return switch (e) {
      case FormatException f -> fail(err, oneLine(f.getMessage()), ExitCode.BAD_INPUT);
      case UnusableLogitsException u -> fail(err, oneLine(u.getMessage()), ExitCode.BAD_INPUT);
      // The plan is a table and stays one.
      case MemoryPlanException m -> fail(err, m.getMessage() + "", ExitCode.DOES_NOT_FIT);
      case KvBudgetException k -> fail(err, oneLine(k.getMessage()), ExitCode.DOES_NOT_FIT);
      case UncheckedIOException u -> report(u.getCause(), err, u);
      case IOException io -> report(io, err, io);
      case CancellationException _ -> fail(err, "interrupted", ExitCode.INTERRUPTED);
      case InterruptedException _ -> fail(err, "interrupted", ExitCode.INTERRUPTED);
      case OutOfMemoryError oom ->
          fail(
              err,
              "out of memory (%s); give the JVM more with HADAL_JAVA_OPTS=-Xmx…, or ask for less, such as a shorter --context"
                  .formatted(oneLine(oom.getMessage())),
              ExitCode.DOES_NOT_FIT);
      // A JVM property that names kernels which this machine or JVM does not have.
      case ExceptionInInitializerError i
          when i.getCause() instanceof IllegalArgumentException choice
              && oneLine(choice.getMessage()).startsWith("hadal.") ->
          fail(err, oneLine(choice.getMessage()), ExitCode.USAGE);
      default -> internal(e, err);
    };
  }

  private int report(@Nullable IOException e, PrintWriter err, Exception outer) {
    return switch (e) {
      case null -> internal(outer, err);
      case ClosedByInterruptException _ -> fail(err, "interrupted", ExitCode.INTERRUPTED);
      case NoSuchFileException f -> fail(err, f.getFile() + ": no such file", ExitCode.BAD_INPUT);
      case NotDirectoryException f -> fail(err, f.getFile() + ": not a folder", ExitCode.BAD_INPUT);
      case AccessDeniedException f ->
          fail(err, f.getFile() + ": permission denied", ExitCode.BAD_INPUT);
      default -> fail(err, "cannot read or write: " + describe(e), ExitCode.BAD_INPUT);
    };
  }

  private int internal(Throwable e, PrintWriter err) {
    String message = "internal error: " + describe(e);
    if (!debug) {
      message +=
          "; this is a bug: please report it with the output of the same command under HADAL_DEBUG=1 and of `hadal doctor`";
    }
    return fail(err, message, ExitCode.INTERNAL);
  }

  private static int fail(PrintWriter err, String message, int code) {
    Hadal.complain(err, message);
    return code;
  }

  private static String describe(Throwable e) {
    String name = e.getClass().getSimpleName();
    return e.getMessage() == null ? name : name + ": " + oneLine(e.getMessage());
  }

  private static String oneLine(@Nullable String message) {
    return message == null ? "no details" : message.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
