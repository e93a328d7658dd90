/**
 * The practice's side of the console: how its sites are, who is connected and what they did, approving,
 * narrowing and ending access, pausing, the technician's page. Promises: nothing is in force
 * before the practice's server has confirmed it; a pause counts at once; every act is recorded; no
 * answer holds a row, a statement or anything about a patient, because none is stored.
 */
import { Module } from '@nestjs/common';
import { EnrolmentModule } from '#apps/broker/src/enrolment/enrolment.module.js';
import { FleetModule } from '#apps/broker/src/fleet/fleet.module.js';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { GrantsModule } from '#apps/broker/src/grants/grants.module.js';
import { PeopleModule } from '#apps/broker/src/people/people.module.js';
import { ApproveAccess } from '#apps/broker/src/practice-desk/approve-access.js';
import { ChangeProfile } from '#apps/broker/src/practice-desk/change-profile.js';
import { SetUpdateWindow } from '#apps/broker/src/practice-desk/set-update-window.js';
import { CheckServer } from '#apps/broker/src/practice-desk/check-server.js';
import { OrderInstallCode } from '#apps/broker/src/practice-desk/order-install-code.js';
import { PairingDesk } from '#apps/broker/src/practice-desk/pairing-desk.js';
import { PauseAccess } from '#apps/broker/src/practice-desk/pause-access.js';
import { PermissionsController } from '#apps/broker/src/practice-desk/permissions.controller.js';
import { PracticeBook } from '#apps/broker/src/practice-desk/practice-book.js';
import { PracticeController } from '#apps/broker/src/practice-desk/practice.controller.js';
import { ReadToday } from '#apps/broker/src/practice-desk/read-today.js';
import { ServiceController } from '#apps/broker/src/practice-desk/service.controller.js';
import { ShowApprovers } from '#apps/broker/src/practice-desk/show-approvers.js';
import { OverviewExtras } from '#apps/broker/src/practice-desk/overview-extras.js';
import { ShowOverview } from '#apps/broker/src/practice-desk/show-overview.js';
import { ShowPauses } from '#apps/broker/src/practice-desk/show-pauses.js';
import { ShowPermissions } from '#apps/broker/src/practice-desk/show-permissions.js';
import { ShowRequests } from '#apps/broker/src/practice-desk/show-requests.js';
import { ShowService } from '#apps/broker/src/practice-desk/show-service.js';

@Module({
  imports: [EnrolmentModule, FleetModule, GatewayModule, GrantsModule, PeopleModule],
  controllers: [PracticeController, PermissionsController, ServiceController],
  providers: [
    ApproveAccess,
    ChangeProfile,
    CheckServer,
    SetUpdateWindow,
    OrderInstallCode,
    OverviewExtras,
    PairingDesk,
    PauseAccess,
    PracticeBook,
    ReadToday,
    ShowApprovers,
    ShowOverview,
    ShowPauses,
    ShowPermissions,
    ShowRequests,
    ShowService,
  ],
})
export class PracticeDeskModule {}
