/** Tests of Spring AI's interfaces. */
@NullMarked
package io.hadal.spring;

import org.jspecify.annotations.NullMarked;
