/**
 * Stored procedures around appointments, in the shapes that integrators meet: a rowset of free
 * slots, a RETURN value that says what came of a write (a new id, 1, or 0 for "not done"), and an
 * error for what makes no sense. They write no rollback on an expected outcome, so that a caller's
 * own transaction around them survives.
 */

/** Free slots of one practitioner on one day. Overlapping sessions give a slot once. */
const getFreeSlots = `
CREATE PROCEDURE dbo.GetFreeSlots
  @PractitionerId int,
  @Date date
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @Weekday int;
  SET @Weekday = DATEDIFF(day, '19000101', @Date) % 7;

  WITH Slot AS (
    SELECT s.LOCATIONID, s.STARTTIME AS SLOTTIME, s.SLOTLENGTH, s.ENDTIME
    FROM dbo.PractitionerSession s
    WHERE s.PRACTITIONERID = @PractitionerId
      AND s.DAYOFWEEK = @Weekday
      AND s.RECORDSTATUS = 1
      AND s.VALIDFROM <= @Date
      AND (s.VALIDTO IS NULL OR s.VALIDTO >= @Date)
    UNION ALL
    SELECT p.LOCATIONID, p.SLOTTIME + p.SLOTLENGTH, p.SLOTLENGTH, p.ENDTIME
    FROM Slot p
    WHERE p.SLOTTIME + 2 * p.SLOTLENGTH <= p.ENDTIME
  )
  SELECT MIN(t.LOCATIONID) AS LOCATIONID, t.SLOTTIME, t.SLOTLENGTH
  FROM Slot t
  WHERE NOT EXISTS (
      SELECT 1 FROM dbo.PractitionerLeave l
      WHERE l.PRACTITIONERID = @PractitionerId
        AND l.RECORDSTATUS = 1
        AND @Date BETWEEN l.FIRSTDAY AND l.LASTDAY)
    AND NOT EXISTS (
      SELECT 1 FROM dbo.Appointment a
      WHERE a.PRACTITIONERID = @PractitionerId
        AND a.APPOINTMENTDATE = @Date
        AND a.RECORDSTATUS = 1
        AND a.APPOINTMENTTIME < t.SLOTTIME + t.SLOTLENGTH
        AND a.APPOINTMENTTIME + a.APPOINTMENTLENGTH > t.SLOTTIME)
  GROUP BY t.SLOTTIME, t.SLOTLENGTH
  ORDER BY t.SLOTTIME;
END`;

/**
 * Books a slot. RETURN: the new APPOINTMENTID, or 0 when the time is taken. The practitioner's row
 * is locked first, so two bookings of one slot come one after the other and the second sees the first.
 */
const bookAppointment = `
CREATE PROCEDURE dbo.BookAppointment
  @PractitionerId int,
  @LocationId int,
  @InternalId int,
  @Date date,
  @Time int,
  @Length int,
  @AppointmentTypeId int = NULL,
  @Reason nvarchar(200) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @Locked int, @NewId int;
  SET @NewId = 0;

  IF @Length <= 0 OR @Time < 0 OR @Time + @Length > 86400
    THROW 50001, 'The appointment does not fit into one day.', 1;
  IF @InternalId <> 0 AND NOT EXISTS (
      SELECT 1 FROM dbo.Patient WHERE INTERNALID = @InternalId AND RECORDSTATUS = 1)
    THROW 50002, 'There is no such patient.', 1;

  BEGIN TRY
    BEGIN TRANSACTION;

    SELECT @Locked = PRACTITIONERID
    FROM dbo.Practitioner WITH (UPDLOCK, HOLDLOCK)
    WHERE PRACTITIONERID = @PractitionerId AND RECORDSTATUS = 1 AND BOOKABLE = 1;

    IF @Locked IS NULL
      THROW 50003, 'There is no such practitioner.', 1;

    IF NOT EXISTS (
        SELECT 1 FROM dbo.Appointment
        WHERE PRACTITIONERID = @PractitionerId
          AND APPOINTMENTDATE = @Date
          AND RECORDSTATUS = 1
          AND APPOINTMENTTIME < @Time + @Length
          AND APPOINTMENTTIME + APPOINTMENTLENGTH > @Time)
    BEGIN
      INSERT INTO dbo.Appointment
        (INTERNALID, PRACTITIONERID, LOCATIONID, APPOINTMENTDATE, APPOINTMENTTIME,
         APPOINTMENTLENGTH, APPOINTMENTTYPEID, STATUS, REASON)
      VALUES
        (@InternalId, @PractitionerId, @LocationId, @Date, @Time,
         @Length, @AppointmentTypeId, CASE WHEN @InternalId = 0 THEN 0 ELSE 1 END, @Reason);
      SET @NewId = SCOPE_IDENTITY();
    END

    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH

  RETURN @NewId;
END`;

/** Moves an appointment to another time or practitioner. RETURN: 1 moved, 0 the time is taken. */
const moveAppointment = `
CREATE PROCEDURE dbo.MoveAppointment
  @AppointmentId int,
  @PractitionerId int,
  @Date date,
  @Time int
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @Locked int, @Length int, @Moved int;
  SET @Moved = 0;

  BEGIN TRY
    BEGIN TRANSACTION;

    SELECT @Locked = PRACTITIONERID
    FROM dbo.Practitioner WITH (UPDLOCK, HOLDLOCK)
    WHERE PRACTITIONERID = @PractitionerId AND RECORDSTATUS = 1 AND BOOKABLE = 1;
    IF @Locked IS NULL
      THROW 50003, 'There is no such practitioner.', 1;

    SELECT @Length = APPOINTMENTLENGTH
    FROM dbo.Appointment
    WHERE APPOINTMENTID = @AppointmentId AND RECORDSTATUS = 1;
    IF @Length IS NULL
      THROW 50004, 'There is no such appointment.', 1;

    IF NOT EXISTS (
        SELECT 1 FROM dbo.Appointment
        WHERE PRACTITIONERID = @PractitionerId
          AND APPOINTMENTDATE = @Date
          AND RECORDSTATUS = 1
          AND APPOINTMENTID <> @AppointmentId
          AND APPOINTMENTTIME < @Time + @Length
          AND APPOINTMENTTIME + APPOINTMENTLENGTH > @Time)
    BEGIN
      UPDATE dbo.Appointment
      SET PRACTITIONERID = @PractitionerId,
          APPOINTMENTDATE = @Date,
          APPOINTMENTTIME = @Time,
          UPDATED = GETDATE()
      WHERE APPOINTMENTID = @AppointmentId;
      SET @Moved = 1;
    END

    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH

  RETURN @Moved;
END`;

/** Cancels an appointment; its row stays, as no live one. RETURN: 1 cancelled, 0 there was none. */
const cancelAppointment = `
CREATE PROCEDURE dbo.CancelAppointment
  @AppointmentId int
AS
BEGIN
  SET NOCOUNT ON;
  UPDATE dbo.Appointment
  SET RECORDSTATUS = 0, UPDATED = GETDATE()
  WHERE APPOINTMENTID = @AppointmentId AND RECORDSTATUS = 1;
  RETURN @@ROWCOUNT;
END`;

/**
 * Marks a patient as arrived. @StatusBefore comes back with what the appointment said before.
 * RETURN: 1 arrived now, 0 the appointment is not waiting for anybody.
 */
const arriveAppointment = `
CREATE PROCEDURE dbo.ArriveAppointment
  @AppointmentId int,
  @ArrivalTime int,
  @StatusBefore tinyint OUTPUT
AS
BEGIN
  SET NOCOUNT ON;
  SELECT @StatusBefore = STATUS
  FROM dbo.Appointment
  WHERE APPOINTMENTID = @AppointmentId AND RECORDSTATUS = 1;

  UPDATE dbo.Appointment
  SET STATUS = 2, ARRIVALTIME = @ArrivalTime, UPDATED = GETDATE()
  WHERE APPOINTMENTID = @AppointmentId AND RECORDSTATUS = 1 AND STATUS = 1;
  RETURN @@ROWCOUNT;
END`;

export const appointmentProcedures: readonly string[] = [
  getFreeSlots,
  bookAppointment,
  moveAppointment,
  cancelAppointment,
  arriveAppointment,
];
