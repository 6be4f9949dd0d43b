package io.hadal.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads sizes such as {@code 8G}, {@code 512MiB} or {@code 1000000}; units are powers of 1024. */
final class ByteSize implements ITypeConverter<Long> {
  private static final String UNITS = "KMGT";
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,15}(?:\\.\\d{1,9})?)([KMGT]?)(?:I?B)?");

  @Override
  public Long convert(String value) {
    Matcher m = FORM.matcher(value.strip().toUpperCase(Locale.ROOT));
    if (!m.matches()) {
      throw new TypeConversionException("'" + value + "' is no size; write it like 8G or 512M");
    }
    double bytes = Double.parseDouble(m.group(1));
    String unit = m.group(2);
    if (!unit.isEmpty()) {
      bytes *= Math.pow(1024, UNITS.indexOf(unit.charAt(0)) + 1);
    }
    if (bytes < 1 || bytes > Long.MAX_VALUE) {
      throw new TypeConversionException("'" + value + "' is out of range");
    }
    return (long) bytes;
  }
}
