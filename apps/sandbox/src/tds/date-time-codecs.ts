import {
  DAYS_TO_1900,
  LAST_DAY,
  UNITS_PER_DAY,
  UNITS_PER_SECOND,
  parseMoment,
  type Moment,
} from './calendar.js';
import type { ColumnCodec, PresentValue } from './column-codec.js';
import { EncodeError } from './encode-error.js';
import { WireType } from './protocol.js';
import type { TokenWriter } from './token-writer.js';

const DATETIME_TICKS_PER_DAY = 300 * 86_400;
const UNITS_PER_MINUTE = 60 * UNITS_PER_SECOND;
/** 1753-01-01, where datetime begins, as days from 1900. */
const DATETIME_FIRST_DAY = -53_690;
const SMALLDATETIME_LAST_DAY = 65_535;
/** smalldatetime rounds 29.998 s down and 29.999 s up. */
const SMALLDATETIME_ROUND_UP = UNITS_PER_MINUTE - 29.999 * UNITS_PER_SECOND;

const codes = {
  date: WireType.dateN,
  time: WireType.timeN,
  datetime2: WireType.datetime2N,
  datetimeoffset: WireType.datetimeoffsetN,
} as const;

/** date, time(n), datetime2(n), datetimeoffset(n): a length byte, then time, date, offset as far as the type has them. */
export function scaledTimeCodec(name: keyof typeof codes, scale: number): ColumnCodec {
  const unit = 10 ** (7 - scale);
  const timeBytes = scale <= 2 ? 3 : scale <= 4 ? 4 : 5;
  const write = {
    date: (writer: TokenWriter, value: PresentValue) => {
      const { days } = momentOf(value, name);
      writer.uint8(3);
      writeUint(writer, days, 3);
    },
    time: (writer: TokenWriter, value: PresentValue) => {
      const units = Math.floor((momentOf(value, name).units + unit / 2) / unit);
      writer.uint8(timeBytes);
      writeUint(writer, units === UNITS_PER_DAY / unit ? 0 : units, timeBytes);
    },
    datetime2: (writer: TokenWriter, value: PresentValue) => {
      writer.uint8(timeBytes + 3);
      writeTimeAndDate(writer, momentOf(value, name), unit, timeBytes);
    },
    datetimeoffset: (writer: TokenWriter, value: PresentValue) => {
      const moment = momentOf(value, name);
      writer.uint8(timeBytes + 5);
      toUtc(moment, name);
      writeTimeAndDate(writer, moment, unit, timeBytes);
      writer.uint16(moment.offsetMinutes);
    },
  }[name];
  return {
    userType: 0,
    hasTableName: false,
    writeTypeInfo: (writer) => {
      writer.uint8(codes[name]);
      if (name !== 'date') writer.uint8(scale);
    },
    writeValue: write,
    writeNull: (writer) => writer.uint8(0),
  };
}

/** datetime counts 1/300 s, smalldatetime minutes, both from 1900. */
export function datetimeCodec(name: 'datetime' | 'smalldatetime'): ColumnCodec {
  const isSmall = name === 'smalldatetime';
  return {
    userType: 0,
    hasTableName: false,
    writeTypeInfo: (writer) => {
      writer.uint8(WireType.datetimeN);
      writer.uint8(isSmall ? 4 : 8);
    },
    writeValue: (writer, value) => {
      if (isSmall) writeSmalldatetime(writer, momentOf(value, name));
      else writeDatetime(writer, momentOf(value, name));
    },
    writeNull: (writer) => writer.uint8(0),
  };
}

function writeDatetime(writer: TokenWriter, moment: Moment): void {
  let days = moment.days - DAYS_TO_1900;
  let ticks = Math.floor((moment.units * 3) / 100_000 + 0.5);
  if (ticks === DATETIME_TICKS_PER_DAY) {
    ticks = 0;
    days++;
  }
  if (days < DATETIME_FIRST_DAY || days > LAST_DAY - DAYS_TO_1900)
    throw new EncodeError('datetime');
  writer.uint8(8);
  writer.uint32(days);
  writer.uint32(ticks);
}

function writeSmalldatetime(writer: TokenWriter, moment: Moment): void {
  let days = moment.days - DAYS_TO_1900;
  let minutes = Math.floor((moment.units + SMALLDATETIME_ROUND_UP) / UNITS_PER_MINUTE);
  if (minutes === 1440) {
    minutes = 0;
    days++;
  }
  if (days < 0 || days > SMALLDATETIME_LAST_DAY) throw new EncodeError('smalldatetime');
  writer.uint8(4);
  writer.uint16(days);
  writer.uint16(minutes);
}

function writeTimeAndDate(
  writer: TokenWriter,
  moment: Moment,
  unit: number,
  timeBytes: number,
): void {
  let { days } = moment;
  let units = Math.floor((moment.units + unit / 2) / unit);
  if (units === UNITS_PER_DAY / unit) {
    // The very last instant of 9999 has no next day: SQL Server keeps it where it is.
    if (days === LAST_DAY) units--;
    else {
      units = 0;
      days++;
    }
  }
  writeUint(writer, units, timeBytes);
  writeUint(writer, days, 3);
}

function toUtc(moment: Moment, typeName: string): void {
  moment.units -= moment.offsetMinutes * UNITS_PER_MINUTE;
  if (moment.units < 0) {
    moment.units += UNITS_PER_DAY;
    moment.days--;
  } else if (moment.units >= UNITS_PER_DAY) {
    moment.units -= UNITS_PER_DAY;
    moment.days++;
  }
  if (moment.days < 0 || moment.days > LAST_DAY) throw new EncodeError(typeName);
}

function momentOf(value: PresentValue, typeName: string): Moment {
  const moment = typeof value === 'string' ? parseMoment(value) : undefined;
  if (moment === undefined) throw new EncodeError(typeName);
  return moment;
}

function writeUint(writer: TokenWriter, value: number, byteCount: number): void {
  // Up to 32 bits by shifts; the fifth byte of a time is what lies beyond them.
  writer.uint8(value);
  writer.uint8(value >>> 8);
  writer.uint8(value >>> 16);
  if (byteCount > 3) writer.uint8(value >>> 24);
  if (byteCount > 4) writer.uint8(Math.floor(value / 0x1_0000_0000));
}
